import { lineOf } from '../../attachment-words.ts'
import type { TurnContext } from '../../context.ts'
import type { Memory } from '../../memory.ts'
import { steadyStart } from './steady-window.ts'

const DEFAULT_LENGTH = 32
const MAX_LENGTH = 500

/** A longer message is shortened in the transcript, not where it is the one to answer. */
const MAX_LINE_LENGTH = 4_000

/** Messages that the agent has in mind at least: its setting `conversationLength`. @default 32, at most 500 */
export function conversationLength(settings: Readonly<Record<string, unknown>>): number {
  const length = Math.trunc(Number(settings.conversationLength ?? DEFAULT_LENGTH))
  return Number.isFinite(length) && length > 0 ? Math.min(length, MAX_LENGTH) : DEFAULT_LENGTH
}

/**
 * The messages before the one that is answered, oldest first. What others wrote after it waits in the
 * queue for a turn of its own, so it is left out; twice the length is read for that, and because up to
 * half as many more than `conversationLength` are given: see `steadyStart`.
 */
export async function messagesBefore(context: TurnContext): Promise<Memory[]> {
  const { agent, memories, message } = context
  const length = conversationLength(agent.settings)
  const slack = Math.floor(length / 2)
  const newest = await memories.recent({ type: 'messages', count: length * 2 })
  const before = newest
    .filter((memory) => memory.id !== message.id)
    .filter((memory) => memory.entityId === agent.id || memory.createdAt <= message.createdAt)
    .filter(({ content }) => lineOf(content) !== '')
  return before.length <= length + slack ? before : steady(before.slice(-length - slack), slack)
}

/** The newest `count` messages of a conversation, or somewhat fewer, with a beginning that stands still. */
export const newestOf = (messages: readonly Memory[], count: number): readonly Memory[] =>
  count >= messages.length
    ? messages
    : steady(messages.slice(messages.length - count), Math.floor(count / 3))

function steady(messages: readonly Memory[], slack: number): Memory[] {
  const ids = messages.map(({ id }) => id)
  return messages.slice(steadyStart(ids, slack))
}

/** The newest messages whose lines have at most so many characters in all; at least the last one. */
export function newestWithin(messages: readonly Memory[], length: number): readonly Memory[] {
  let left = length
  const first = messages.findLastIndex(({ content }) => {
    left -= indented(lineOf(content)).length
    return left < 0
  })
  return messages.slice(Math.min(first + 1, messages.length - 1))
}

/** A line `Name: text` per message. Further lines of a message are indented: no text can pose as a name. */
export const transcript = (
  memories: readonly Memory[],
  nameOf: (entityId: string) => string,
): string =>
  memories
    .map(({ entityId, content }) => `${nameOf(entityId)}: ${indented(lineOf(content))}`)
    .join('\n')

function indented(text: string): string {
  const shown = text.slice(0, MAX_LINE_LENGTH)
  const left = text.length - shown.length
  const whole = left > 0 ? `${shown} … (${left} more characters)` : shown
  return whole.replace(/\r\n?|\n/g, '\n  ')
}
