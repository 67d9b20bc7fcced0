import type { GenerateContentResponse, Part } from '@google/genai/web'
import type { FinishReason, ModelResult, ModelUsage, ToolCall } from '../agent/models.ts'
import type { JsonObject } from '../schema/json.ts'
import type { AnswerText } from './answer-text.ts'

/** What a stream's chunks add up to. */
export interface GoogleAnswer {
  push(chunk: GenerateContentResponse): void
  /** Undefined: no chunk had anything to say. */
  result(): ModelResult | undefined
}

/** Reads chunks. Texts of thoughts are left out. */
export function readAnswer(answer: AnswerText): GoogleAnswer {
  const calls: ToolCall[] = []
  let finish: FinishReason = 'unknown'
  let usage: ModelUsage | undefined
  let isEmpty = true
  return {
    push({ candidates, promptFeedback, usageMetadata }) {
      const candidate = candidates?.[0]
      isEmpty &&= candidate === undefined && !promptFeedback?.blockReason
      if (promptFeedback?.blockReason) finish = 'content-filter'
      for (const part of candidate?.content?.parts ?? []) {
        if (isSaid(part)) answer.push(part.text)
        if (part.functionCall) calls.push(callOf(part.functionCall))
      }
      if (candidate?.finishReason) finish = FINISH_REASONS[candidate.finishReason] ?? 'unknown'
      // Totals so far: the last one counts.
      usage = usageOf(usageMetadata) ?? usage
    },
    result() {
      if (isEmpty) return undefined
      answer.end()
      const finishReason = answer.isCut() ? 'length' : calls.length > 0 ? 'tool-calls' : finish
      const toolCalls = calls.length > 0 && { toolCalls: calls }
      return {
        text: answer.text(),
        finishReason,
        ...toolCalls,
        ...(usage && { usage }),
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
const callOf = ({ name = '', args = {} }: NonNullable<Part['functionCall']>): ToolCall => ({
  name,
  arguments: isObject(args) ? args : undefined,
})

// The client has parsed it from JSON, and types the values as unknown.
const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Thoughts are billed as output. A prompt is never 0 tokens long: zeros are no usage at all. */
export function usageOf(usage: GenerateContentResponse['usageMetadata']): ModelUsage | undefined {
  const inputTokens = usage?.promptTokenCount
  if (!isCount(inputTokens) || inputTokens === 0) return undefined
  const outputTokens = count(usage?.candidatesTokenCount) + count(usage?.thoughtsTokenCount)
  const cachedTokens = usage?.cachedContentTokenCount
  return { inputTokens, outputTokens, ...(isCount(cachedTokens) && { cachedTokens }) }
}

const count = (value: unknown): number => (isCount(value) ? value : 0)

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
