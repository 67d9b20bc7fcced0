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
        const { usage, cost } = result
        if (continuation.end(result).hasDiverged) return { ...broken(), usage, cost }
        return { ...result, text: writer.end(result) }
      },
    }
  }
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
        finish: (result) => ({ ...result, text: writer.end(result) }),
      }
    },
    whole() {
      const text = writer.rendered()
      const isWhole = isVisible() && parseAnswer(storableText(text))?.isComplete
      return isWhole ? { text, finishReason: 'stop', cost: null } : undefined
    },
    wantsContinuation: () => isVisible() && continuations < MAX_CONTINUATIONS,
    salvage: () => (isVisible() ? broken() : undefined),
  }
}

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
