import type { Runtime } from '../../plugins/runtime.ts'
import { PICTURE, SPEECH, USAGE } from './stub-vendor.ts'

/** One pixel. */
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const TEXT = 'Words of the model.'
const OBJECT = '{"colour":"green"}'

export interface AskedModel {
  readonly type: string
  /** Of the vendor; undefined: nobody is asked. */
  readonly path?: string
  readonly params: unknown
  /** What the stub's text model says. */
  readonly says?: string
  /** The answer, in words. */
  readonly answer: string
  readonly usage?: { readonly input: number; readonly output: number }
}

/** Every model type of `@elizaos/plugin-openai`, and what becomes of a question. */
export const ASKED: readonly AskedModel[] = [
  ...['TEXT_SMALL', 'TEXT_LARGE'].map((type) => ({
    ...{ type, path: '/responses', params: { prompt: 'Say words.' } },
    ...{ says: TEXT, answer: TEXT, usage: USAGE },
  })),
  ...['OBJECT_SMALL', 'OBJECT_LARGE'].map((type) => ({
    ...{ type, path: '/responses', params: { prompt: 'Give an object.' } },
    ...{ says: OBJECT, answer: OBJECT, usage: USAGE },
  })),
  {
    ...{ type: 'TEXT_EMBEDDING', path: '/embeddings', params: { text: 'near words' } },
    ...{ answer: '1536 numbers', usage: { input: USAGE.input, output: 0 } },
  },
  {
    ...{ type: 'IMAGE', path: '/images/generations', params: { prompt: 'A sunset', count: 1 } },
    answer: `[{"url":"${PICTURE}"}]`,
  },
  {
    ...{ type: 'IMAGE_DESCRIPTION', path: '/chat/completions' },
    params: { imageUrl: `data:image/png;base64,${PIXEL}`, prompt: 'What is in it?' },
    says: 'Title: A pixel\nIt is very small.',
    ...{ answer: '{"title":"A pixel","description":"It is very small."}', usage: USAGE },
  },
  {
    ...{ type: 'TRANSCRIPTION', path: '/audio/transcriptions', params: SPEECH },
    answer: 'What was said.',
  },
  {
    ...{ type: 'TEXT_TO_SPEECH', path: '/audio/speech', params: { text: 'Say it.' } },
    answer: SPEECH.toString(),
  },
  { type: 'TEXT_TOKENIZER_ENCODE', params: { prompt: 'Hello' }, answer: '[13225]' },
  { type: 'TEXT_TOKENIZER_DECODE', params: { tokens: [13225] }, answer: 'Hello' },
]

export const askedOf = (type: string): AskedModel => {
  const found = ASKED.find((each) => each.type === type)
  if (!found) throw new Error(`'${type}' is not asked here.`)
  return found
}

export const askOne = async (runtime: Runtime, type: string): Promise<string> =>
  inWords(await runtime.useModel(type, askedOf(type).params))

/** Long answers by their length. */
export function inWords(answer: unknown): string {
  if (typeof answer === 'string') return answer
  if (answer instanceof Uint8Array) return Buffer.from(answer).toString()
  if (Array.isArray(answer) && answer.length > 8) return `${answer.length} numbers`
  return JSON.stringify(answer)
}
