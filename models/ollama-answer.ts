import type { ChatResponse } from 'ollama'
import type { FinishReason, ModelResult, ModelUsage, ToolCall } from '../agent/models.ts'
import type { AnswerText } from './answer-text.ts'
import { checkedUsage } from './checked-usage.ts'
import { lengthOf, toolCall } from './tool-call.ts'

type CalledTool = NonNullable<ChatResponse['message']['tool_calls']>[number]

/** What a stream's lines add up to. */
export interface OllamaAnswer {
  push(line: ChatResponse): void
  /** The limit was reached: what comes after it is not wanted. */
  isCut(): boolean
  result(): ModelResult
}

/**
 * Reads lines. What the model thinks stands in a field of its own, and is left out.
 *
 * @param maxLength of all calls of tools, in UTF-16 units
 */
export function readAnswer(answer: AnswerText, maxLength: number): OllamaAnswer {
  const calls: ToolCall[] = []
  let callsLength = 0
  let finish: FinishReason = 'unknown'
  let usage: ModelUsage | undefined
  const isCut = () => answer.isCut() || callsLength > maxLength
  return {
    isCut,
    push(line) {
      if (typeof line.message?.content === 'string') answer.push(line.message.content)
      const called = callsIn(line)
      calls.push(...called)
      callsLength += lengthOf(called)
      if (!line.done) return
      finish = FINISH_REASONS[line.done_reason] ?? 'unknown'
      usage = usageOf(line)
    },
    result() {
      answer.end()
      const finishReason = isCut() ? 'length' : calls.length > 0 ? 'tool-calls' : finish
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

/** Ollama refuses nothing; servers with its API in front of other vendors pass on their refusals. */
const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  content_filter: 'content-filter',
}

/** Servers with the same API pass on what a model wrote where it is no JSON. */
function callsIn({ message }: ChatResponse): readonly ToolCall[] {
  const calls: unknown = message?.tool_calls
  return (Array.isArray(calls) ? calls : []).flatMap((call: CalledTool | null) => {
    const { name, arguments: given } = call?.function ?? {}
    return typeof name === 'string' ? [toolCall(name, given)] : []
  })
}

/** A prompt that is still in memory comes without a count in some versions: that is no usage. */
export const usageOf = ({
  prompt_eval_count: inputTokens,
  eval_count: outputTokens = 0,
}: Partial<ChatResponse>): ModelUsage | undefined => checkedUsage({ inputTokens, outputTokens })
