import { ModelError } from '../agent/errors.ts'
import type { ModelResult, ToolSpec } from '../agent/models.ts'
import { parseAnswer } from '../agent/prompts/answer.ts'
import { continuationPrompt, createContinuation } from '../agent/prompts/continuation.ts'
import { createToolAnswer } from '../agent/prompts/tool-answer.ts'
import { storableText } from '../schema/text.ts'
import type { ModelCall } from './call-model.ts'

/** A continuation that dies too is continued once more; then what is there is the answer. */
const MAX_CONTINUATIONS = 2

export type TextResult = ModelResult & { readonly isBroken?: boolean }

/** One call to a vendor, as part of an answer that several calls may write. */
export interface SpokenPart {
  readonly prompt: string
  readonly tools?: readonly ToolSpec[]
  readonly onText: (delta: string) => void
  /** The whole answer, with what earlier calls had written of it. */
  readonly finish: (result: ModelResult) => TextResult
}

/** An answer that a person reads while it is written: begun anew while nobody has seen any, else continued. */
export interface SpokenAnswer {
  /** What the next call asks. */
  prompt(): string
  begin(): SpokenPart
  /** Whether the model that just failed shall go on itself, since there is no other. */
  wantsContinuation(): boolean
  /** The answer, when it was whole before its stream died: nobody need be asked again. */
  whole(): TextResult | undefined
  /** What a person has seen, when nobody can continue it. */
  salvage(): TextResult | undefined
}

type Asked = Pick<ModelCall, 'params' | 'tools' | 'listener'>

export function createSpokenAnswer({ params, tools, listener }: Asked): SpokenAnswer {
  const newWriter = () => {
    const push = (text: string) => listener?.push(text)
    return tools ? createToolAnswer(tools, push) : createXmlAnswer(push)
  }
  let writer = newWriter()
  let continuations = 0
  const isVisible = () => listener?.isVisible() === true && writer.plain() !== ''
  const broken = (): TextResult => ({
    ...{ text: writer.rendered(), finishReason: 'unknown', cost: null, isBroken: true },
  })
  const offered = tools && { tools: tools.specs }

  const prompt = () =>
    isVisible() ? continuationPrompt(params.prompt, writer.plain()) : params.prompt

  const continued = (): SpokenPart => {
    const begun = writer.plain()
    const continuation = createContinuation(begun, (text) => writer.push(text))
    continuations += 1
    return {
      ...offered,
      prompt: prompt(),
      onText: (delta) => continuation.push(delta),
      finish(result) {
        const { usage, cost, toolCalls = [] } = result
        const { hasDiverged } = continuation.end(result)
        // It had nothing to add to the text, and calls what the text announced.
        const onlyCalls = result.text.trim() === '' && toolCalls.length > 0
        if (hasDiverged && !onlyCalls) return { ...broken(), usage, cost }
        return ended({ ...result, text: writer.end(result) })
      },
    }
  }
  // Nobody reads along: whoever asked knows what a whole answer is.
  const ended = (result: TextResult) => (listener ? notCutOff(result) : result)
  return {
    prompt,
    begin() {
      if (isVisible()) return continued()
      writer = newWriter()
      listener?.begin()
      return {
        ...offered,
        prompt: params.prompt,
        onText: (delta) => writer.push(delta),
        finish: (result) => ended({ ...result, text: writer.end(result) }),
      }
    },
    whole() {
      const text = writer.rendered()
      return isVisible() && isComplete(text)
        ? { text, finishReason: 'stop', cost: null }
        : undefined
    },
    wantsContinuation: () => isVisible() && continuations < MAX_CONTINUATIONS,
    salvage: () => (isVisible() ? broken() : undefined),
  }
}

/**
 * Some proxies end a stream in good order where the vendor's line has died: without a reason, without
 * usage, in the middle of an element.
 */
function notCutOff(result: TextResult): TextResult {
  const hasEnd = result.finishReason !== 'unknown' || result.usage !== undefined
  if (hasEnd || result.text === '' || isComplete(result.text)) return result
  throw new ModelError(
    'The answer ended in the middle, without a reason. ' +
      'If it happens again, look at the vendor and at proxies on the way.',
    { code: 'model_unavailable', retryable: true },
  )
}

const isComplete = (text: string): boolean => parseAnswer(storableText(text))?.isComplete === true

/** The model writes our XML itself: what it says is what is rendered. */
function createXmlAnswer(onText: (delta: string) => void) {
  let text = ''
  const push = (delta: string) => {
    text += delta
    onText(delta)
  }
  const written = () => text
  return {
    push,
    /** A plugin's model may return a text that it did not stream. */
    end(result: ModelResult): string {
      if (text === '') push(result.text)
      return text
    },
    rendered: written,
    plain: written,
  }
}
