import type { ScriptedAnswer, StubVendor } from '../models/vendor-under-test.ts'
import { googleError, googleWire, metadata } from './stub-google-wire.ts'
import { type StubCall, startStubHttp } from './stub-http.ts'
import { countTokens } from './stub-openai-answer.ts'
import { defaultText, play, sendJson } from './stub-play.ts'

interface Content {
  readonly parts?: readonly { readonly text?: string }[]
}

/** The parts of Google's requests that the stub reads. */
interface GoogleBody {
  readonly systemInstruction?: Content
  readonly contents?: readonly Content[]
  readonly requests?: readonly { readonly content?: Content }[]
  readonly generationConfig?: { readonly responseModalities?: readonly string[] }
}

/** What `POST …:generateContent` answers with when something else is wanted than pictures or speech. */
export interface StubGoogle extends StubVendor {
  /** The next whole responses, instead of the stub's own. */
  respond(body: object): void
}

/** Google's Developer API on loopback. */
export async function startStubGoogle(): Promise<StubGoogle> {
  let next: ScriptedAnswer | undefined
  let whole: object | undefined
  let n = 0
  const http = await startStubHttp(async (call) => {
    n += 1
    // The clients under test send objects; what they contain is what the tests look at.
    const body = call.body as GoogleBody
    const prompt = promptText(body)
    const isStream = call.path.includes(':streamGenerateContent?')
    if (isStream) return play(call, next ?? defaultText(prompt, n), googleWire, prompt)
    if (next && next.kind !== 'text') return play(call, next, googleWire, prompt)
    sendJson(call.response, whole ? { status: 200, body: whole } : wholeAnswer(call, body, prompt))
  })
  return {
    ...http,
    baseUrl: http.origin,
    answer(given) {
      next = given
    },
    respond(body) {
      whole = body
    },
  }
}

const textOf = ({ parts = [] }: Content): string => parts.map(({ text = '' }) => text).join('\n')

const promptText = ({ systemInstruction, contents = [] }: GoogleBody): string =>
  [...(systemInstruction ? [systemInstruction] : []), ...contents].map(textOf).join('\n')

function wholeAnswer({ path }: StubCall, body: GoogleBody, prompt: string) {
  if (path.endsWith(':batchEmbedContents')) return { status: 200, body: embeddings(body) }
  if (!path.endsWith(':generateContent')) return googleError({ error: 'unknown-model' }, undefined)
  const isSpeech = body.generationConfig?.responseModalities?.[0] === 'AUDIO'
  const inlineData = isSpeech ? file('stub-audio', 'audio/wav') : file('stub-image', 'image/png')
  const content = { parts: [{ inlineData }], role: 'model' }
  const candidates = [{ content, finishReason: 'STOP', index: 0 }]
  const usage = metadata({ input: countTokens(prompt), output: 10 })
  return { status: 200, body: { candidates, ...usage } }
}

const file = (bytes: string, mimeType: string) => ({
  mimeType,
  data: Buffer.from(bytes).toString('base64'),
})

function embeddings({ requests = [] }: GoogleBody): object {
  const texts = requests.map(({ content = {} }) => textOf(content))
  return {
    embeddings: texts.map((text) => ({ values: [text.length, 1, 0] })),
    usageMetadata: { promptTokenCount: countTokens(texts.join(' ')) },
  }
}
