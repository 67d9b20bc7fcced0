import type { GenerateContentResponse, Part } from '@google/genai/web'
import type { FinishReason, ModelResult, ModelUsage, ToolCall } from '../agent/models.ts'
import type { AnswerText } from './answer-text.ts'
import { checkedUsage, sumOfCounts } from './checked-usage.ts'
import { lengthOf, toolCall } from './tool-call.ts'

/** What a stream's chunks add up to. */
export interface GoogleAnswer {
  push(chunk: GenerateContentResponse): void
  /** The limit was reached: what comes after it is not wanted. */
  isCut(): boolean
  /** Undefined: no chunk had anything to say. */
  result(): ModelResult | undefined
}

/**
 * Reads chunks. Texts of thoughts are left out.
 *
 * @param maxLength of all calls of tools, in UTF-16 units
 */
export function readAnswer(answer: AnswerText, maxLength: number): GoogleAnswer {
  const calls: ToolCall[] = []
  let callsLength = 0
  let finish: FinishReason | undefined
  let usage: ModelUsage | undefined
  let isEmpty = true
  const isCut = () => answer.isCut() || callsLength > maxLength
  return {
    isCut,
    push({ candidates, promptFeedback, usageMetadata }) {
      const candidate = candidates?.[0]
      isEmpty &&= candidate === undefined && !promptFeedback?.blockReason
      if (promptFeedback?.blockReason) finish = 'content-filter'
      for (const part of candidate?.content?.parts ?? []) {
        if (isSaid(part)) answer.push(part.text)
        const called = callsIn(part)
        calls.push(...called)
        callsLength += lengthOf(called)
      }
      if (candidate?.finishReason) finish = FINISH_REASONS[candidate.finishReason] ?? 'unknown'
      // Totals so far: the last one counts.
      usage = usageOf(usageMetadata) ?? usage
    },
    result() {
      if (isEmpty) return undefined
      answer.end()
      const toolCalls = calls.length > 0 && { toolCalls: calls }
      return {
        text: answer.text(),
        finishReason: isCut() ? 'length' : calls.length > 0 ? 'tool-calls' : (finish ?? 'unknown'),
        ...toolCalls,
        // Every chunk counts: without a reason the stream was cut on its way, and the count with it.
        ...(finish && usage && { usage }),
        cost: null,
      }
    },
  }
}

/** A call that Google itself could not read (MALFORMED_FUNCTION_CALL) comes without its parts: nothing is known. */
const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content-filter',
  RECITATION: 'content-filter',
  BLOCKLIST: 'content-filter',
  PROHIBITED_CONTENT: 'content-filter',
  SPII: 'content-filter',
  MODEL_ARMOR: 'content-filter',
  IMAGE_SAFETY: 'content-filter',
  IMAGE_PROHIBITED_CONTENT: 'content-filter',
  IMAGE_RECITATION: 'content-filter',
}

const isSaid = (part: Part): part is Part & { readonly text: string } =>
  typeof part.text === 'string' && part.thought !== true

/** A call without arguments comes without `args`. */
const callsIn = ({ functionCall }: Part): readonly ToolCall[] => {
  const { name, args = {} } = functionCall ?? {}
  return typeof name === 'string' ? [toolCall(name, args)] : []
}

/** Thoughts are billed as output. */
export function usageOf(usage: GenerateContentResponse['usageMetadata']): ModelUsage | undefined {
  const { candidatesTokenCount: said = 0, thoughtsTokenCount: thought = 0 } = usage ?? {}
  return checkedUsage({
    inputTokens: usage?.promptTokenCount,
    outputTokens: sumOfCounts([said, thought]),
    cachedTokens: usage?.cachedContentTokenCount,
  })
}
