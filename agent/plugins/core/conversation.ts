import type { TurnContext } from '../../context.ts'
import type { Memory } from '../../memory.ts'

const DEFAULT_LENGTH = 32
const MAX_LENGTH = 500

/** A longer message is shortened in the transcript, not where it is the one to answer. */
const MAX_LINE_LENGTH = 4_000

/** Messages that the agent has in mind: its setting `conversationLength`. @default 32, at most 500 */
export function conversationLength(settings: Readonly<Record<string, unknown>>): number {
  const length = Math.trunc(Number(settings.conversationLength ?? DEFAULT_LENGTH))
  return Number.isFinite(length) && length > 0 ? Math.min(length, MAX_LENGTH) : DEFAULT_LENGTH
}

/**
 * The messages before the one that is answered, oldest first. What others wrote after it waits in the
 * queue for a turn of its own, so it is left out; twice the length is read for that.
 */
export async function messagesBefore(context: TurnContext): Promise<Memory[]> {
  const { agent, memories, message } = context
  const length = conversationLength(agent.settings)
  const newest = await memories.recent({ type: 'messages', count: length * 2 })
  return newest
    .filter((memory) => memory.id !== message.id)
    .filter((memory) => memory.entityId === agent.id || memory.createdAt <= message.createdAt)
    .filter((memory) => (memory.content.text ?? '') !== '')
    .slice(-length)
}

/** A line `Name: text` per message. Further lines of a message are indented: no text can pose as a name. */
export const transcript = (
  memories: readonly Memory[],
  nameOf: (entityId: string) => string,
): string =>
  memories
    .map(({ entityId, content }) => `${nameOf(entityId)}: ${indented(content.text ?? '')}`)
    .join('\n')

function indented(text: string): string {
  const shown = text.slice(0, MAX_LINE_LENGTH)
  const left = text.length - shown.length
  const whole = left > 0 ? `${shown} … (${left} more characters)` : shown
  return whole.replace(/\r\n?|\n/g, '\n  ')
}
