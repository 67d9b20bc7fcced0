import type { GenerateOptions, ModelRequest, ModelResult, ModelVendor } from '../../agent/models.ts'

/** What the vendor does with one call: says a text, fails, or something of the test's own. */
export type ScriptedAnswer =
  | string
  | Error
  | ((request: ModelRequest, options: GenerateOptions) => Promise<string | ModelResult>)

export interface ScriptedVendor extends ModelVendor {
  /** What was asked, in order. */
  readonly requests: readonly ModelRequest[]
}

const PIECE = 7

/** Answers by the list, the last entry for ever after; text arrives in pieces of seven characters. */
export function scriptedVendor(...answers: readonly ScriptedAnswer[]): ScriptedVendor {
  const requests: ModelRequest[] = []
  return {
    name: 'scripted',
    requests,
    async generate(request, options) {
      const answer = answers[Math.min(requests.length, answers.length - 1)]
      requests.push(request)
      if (answer === undefined) throw new Error('No model call was expected.')
      if (answer instanceof Error) throw answer
      const result = typeof answer === 'string' ? answer : await answer(request, options)
      if (typeof result !== 'string') return result
      for (let at = 0; at < result.length; at += PIECE) {
        options.onText(result.slice(at, at + PIECE))
      }
      const usage = { inputTokens: 10, outputTokens: Math.ceil(result.length / 4) }
      return { text: result, finishReason: 'stop', usage, cost: null }
    },
  }
}

/** An answer as the templates ask for it. */
export function answerXml(text: string, actions = 'REPLY', thought = 'They greet me.'): string {
  return (
    `<response><thought>${thought}</thought><actions>${actions}</actions>` +
    `<text>${text}</text></response>`
  )
}

/** A call that hangs until it is aborted, and tells when it began and when it was. */
export function hangingCall() {
  const began = Promise.withResolvers<void>()
  const aborted = Promise.withResolvers<unknown>()
  const hang = (signal: AbortSignal): Promise<never> =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        aborted.resolve(signal.reason)
        reject(signal.reason)
      })
      began.resolve()
    })
  const answer: ScriptedAnswer = (_request, { signal }) => hang(signal)
  return { answer, hang, began: began.promise, aborted: aborted.promise }
}
