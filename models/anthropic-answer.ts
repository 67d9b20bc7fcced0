import type { FinishReason, ModelResult, ModelUsage, ToolCall } from '../agent/models.ts'
import type { JsonObject } from '../schema/json.ts'
import { storableJson, storableText } from '../schema/text.ts'
import { collectText } from './answer-text.ts'

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

interface WireUsage {
  readonly input_tokens?: number | null
  readonly output_tokens?: number | null
  readonly cache_read_input_tokens?: number | null
  readonly cache_creation_input_tokens?: number | null
}

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

/** @param maxLength in UTF-16 units: of the text, and of all arguments of tools */
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
      if (type === 'tool_use') tools.set(event?.index, { name: storableText(`${name}`), json: '' })
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
      const toolCalls = [...tools.values()].map(toolCall)
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

function toolCall({ name, json }: Tool): ToolCall {
  try {
    // A tool without arguments may come without a piece.
    const value: unknown = JSON.parse(json.trim() === '' ? '{}' : json)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return { name, arguments: isObject ? storableJson(value as JsonObject) : undefined }
  } catch {
    return { name, arguments: undefined }
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
  const counts = Object.entries(now).filter(([, count]) => isCount(count))
  const higher = counts.filter(([name, count]) => count > (Object(before)[name] ?? -1))
  return { ...before, ...Object.fromEntries(higher) }
}

/** A prompt is never 0 tokens long: servers that do not count send zeros, which is no usage at all. */
function usageOf(usage: WireUsage): ModelUsage | undefined {
  const cached = usage.cache_read_input_tokens
  const written = usage.cache_creation_input_tokens
  const inputTokens = (usage.input_tokens ?? 0) + (cached ?? 0) + (written ?? 0)
  if (inputTokens === 0 || usage.output_tokens == null) return undefined
  return {
    inputTokens,
    outputTokens: usage.output_tokens,
    ...(cached != null && { cachedTokens: cached }),
    ...(written != null && { cacheWriteTokens: written }),
  }
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
