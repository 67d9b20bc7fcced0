import type OpenAI from 'openai'
import type { ToolCall } from '../agent/models.ts'
import { isRecord } from './openai-usage.ts'
import { writtenToolCall } from './tool-call.ts'

type Delta = OpenAI.Chat.Completions.ChatCompletionChunk.Choice.Delta.ToolCall

interface Slot {
  readonly id: string | undefined
  readonly index: number | undefined
  name: string
  json: string
}

/** Puts tool calls together from the pieces of a stream. */
export interface ToolCallPieces {
  push(deltas: unknown): void
  /** Of everything that was pushed, in UTF-16 units. */
  length(): number
  calls(): readonly ToolCall[]
}

export function collectToolCalls(): ToolCallPieces {
  const slots: Slot[] = []
  let length = 0
  const add = (delta: Partial<Delta>) => {
    const slot = slotOf(slots, delta)
    const { name, arguments: json } = delta.function ?? {}
    if (typeof name === 'string' && name !== '') slot.name = name
    if (typeof json === 'string') slot.json += json
    length += lengthOf(name) + lengthOf(json)
  }
  return {
    push(deltas) {
      // Copies of the wire send null where nothing is called.
      if (Array.isArray(deltas)) deltas.filter(isRecord).forEach(add)
    },
    length: () => length,
    calls: () => called(slots).map(({ name, json }) => writtenToolCall(name, json)),
  }
}

const lengthOf = (piece: unknown): number => (typeof piece === 'string' ? piece.length : 0)

const called = (slots: readonly Slot[]) => slots.filter(({ name }) => name !== '')

/** By its index; some vendors leave that out, or send whole calls that all have index 0 and ids of their own. */
function slotOf(slots: Slot[], { index, id }: Partial<Delta>): Slot {
  const last = slots.at(-1)
  const found = index === undefined ? last : slots.findLast((slot) => slot.index === index)
  const isOther = id !== undefined && id !== '' && found?.id !== undefined && found.id !== id
  if (found && !isOther) return found
  const slot: Slot = { id: id === '' ? undefined : id, index, name: '', json: '' }
  slots.push(slot)
  return slot
}
