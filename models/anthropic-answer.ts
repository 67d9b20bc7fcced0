import type { FinishReason, ModelResult, ModelUsage } from '../agent/models.ts'
import { collectText } from './answer-text.ts'
import { checkedUsage, isTokenCount, sumOfCounts } from './checked-usage.ts'
import { writtenToolCall } from './tool-call.ts'

/** What is read of an event. Servers that copied the wire leave parts out: nothing is taken for granted. */
export interface WireEvent {
  readonly type?: string
  readonly index?: number
  readonly message?: { readonly usage?: WireUsage | null } | null
  readonly content_block?: {
    readonly type?: string
    readonly name?: string
    readonly text?: string
  } | null
  readonly delta?: {
    readonly type?: string
    readonly text?: string
    readonly partial_json?: string
    readonly stop_reason?: string | null
  } | null
  readonly usage?: WireUsage | null
}

const COUNTS = [
  'input_tokens',
  'output_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
] as const

type WireUsage = { [name in (typeof COUNTS)[number]]?: number | null }

/** An answer as its events arrive. */
export interface MessageReader {
  read(event: WireEvent | null): void
  /** The limit was reached: what came after it is dropped. */
  isCut(): boolean
  /** To be called once, at the end. Undefined when the stream ended before the answer began. */
  result(): ModelResult | undefined
}

/** Thoughts come in the same events, under other names. */
function textIn(event: WireEvent | null): string {
  const part = event?.content_block ?? event?.delta
  const isText = part?.type === 'text' || part?.type === 'text_delta'
  return isText && typeof part.text === 'string' ? part.text : ''
}

interface Tool {
  readonly name: string
  json: string
}

/** @param maxLength in UTF-16 units: of the text, and of all calls of tools */
export function readMessage(maxLength: number, onText: (delta: string) => void): MessageReader {
  const answer = collectText(maxLength, onText)
  const tools = new Map<number | undefined, Tool>()
  let toolLength = 0
  let stopReason: string | undefined
  let counted: WireUsage = {}
  let hasBegun = false
  let isBilled = false

  const isCut = () => answer.isCut() || toolLength > maxLength
  return {
    isCut,
    read(event) {
      hasBegun ||= event?.type !== undefined && event.type !== 'message_start'
      answer.push(textIn(event))
      const { type, name } = event?.content_block ?? {}
      if (type === 'tool_use') {
        tools.set(event?.index, { name: `${name}`, json: '' })
        toolLength += `${name}`.length
      }
      const json = `${event?.delta?.partial_json ?? ''}`
      const tool = tools.get(event?.index)
      if (tool) tool.json += json
      toolLength += json.length
      stopReason = event?.delta?.stop_reason ?? stopReason
      isBilled ||= event?.usage != null
      counted = highest(counted, event?.usage ?? event?.message?.usage ?? {})
    },
    result() {
      answer.end()
      if (!hasBegun) return undefined
      const toolCalls = [...tools.values()].map(({ name, json }) => writtenToolCall(name, json))
      // Before the last count the vendor has counted almost nothing of the answer.
      const usage = isBilled ? usageOf(counted) : undefined
      return {
        text: answer.text(),
        finishReason: isCut() ? 'length' : finishReasonOf(stopReason),
        ...(toolCalls.length > 0 && { toolCalls }),
        ...(usage && { usage }),
        cost: null,
      }
    },
  }
}

const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'content-filter',
  tool_use: 'tool-calls',
}

/** `pause_turn` ends turns with tools that run at the vendor, which are never asked for. */
const finishReasonOf = (reason: string | undefined): FinishReason =>
  (reason === undefined ? undefined : FINISH_REASONS[reason]) ?? 'unknown'

/** Counts only grow while an answer comes; some servers send them at the start, some at the end. */
function highest(before: WireUsage, now: WireUsage): WireUsage {
  const counts = { ...before }
  for (const name of COUNTS) {
    const count: unknown = now[name]
    if (count == null) continue
    // NaN stays: after a count that cannot be true, the others are not believed, either.
    counts[name] = Math.max(counts[name] ?? 0, isTokenCount(count) ? count : Number.NaN)
  }
  return counts
}

function usageOf(usage: WireUsage): ModelUsage | undefined {
  const { cache_read_input_tokens: cachedTokens, cache_creation_input_tokens: written } = usage
  return checkedUsage({
    inputTokens: sumOfCounts([usage.input_tokens ?? 0, cachedTokens ?? 0, written ?? 0]),
    outputTokens: usage.output_tokens,
    cachedTokens,
    cacheWriteTokens: written,
  })
}
