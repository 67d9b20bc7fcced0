import { type GenerateContentParameters, GoogleGenAI } from '@google/genai/web'
import type {
  CallOptions,
  GenerateOptions,
  ModelPurpose,
  ModelRequest,
  ModelResult,
  ModelVendor,
  TranscribeRequest,
} from '../agent/models.ts'
import { collectText } from './answer-text.ts'
import { readAnswer } from './google-answer.ts'
import { embed } from './google-embed.ts'
import { googleEndpoint } from './google-endpoint.ts'
import { googleError, googleRefusal } from './google-error.ts'
import { type AskGoogle, draw, speak } from './google-media.ts'
import { bytesPart, contentsOf, generateConfig, singleRequest } from './google-request.ts'
import { type Patience, patienceFor } from './stall-watch.ts'
import type { EndpointSettings, VendorEndpoint } from './vendor-endpoint.ts'
import { vendorError } from './vendor-error.ts'
import { vendorFetch } from './vendor-fetch.ts'
import { watchedCall, watchedStream } from './watched-stream.ts'

/** Limits of one call. */
export interface GoogleLimits extends Patience {
  /** In UTF-16 units. The rest is not read: the request is aborted and the result is `length`. */
  readonly maxAnswerLength: number
  /** Of one answer, on the wire. */
  readonly maxAnswerBytes: number
}

const LIMITS: GoogleLimits = {
  // Models think before their first word; a turn's deadline is 5 minutes.
  firstChunkMs: 90_000,
  nextChunkMs: 30_000,
  maxAnswerLength: 1_000_000,
  // A large picture has some 20 MB in base64.
  maxAnswerBytes: 64_000_000,
}

interface Connection {
  readonly client: GoogleGenAI
  readonly endpoint: VendorEndpoint
  readonly limits: GoogleLimits
}

/**
 * Google's Developer API.
 *
 * @throws {ModelError} `model_not_configured` when the address or the key cannot be used.
 */
export function createGoogleVendor(
  settings: EndpointSettings,
  limits: Partial<GoogleLimits> = {},
): ModelVendor {
  const endpoint = googleEndpoint(settings)
  const all = { ...LIMITS, ...limits }
  const connection = { client: clientOf(endpoint, all.maxAnswerBytes), endpoint, limits: all }
  const media = (model: string, purpose: ModelPurpose) => ({
    ask: asking(connection, model, purpose),
    call: { endpoint, model, purpose },
  })
  return {
    name: 'google',
    generate: (request, options) => generate(connection, request, options),
    embed: (request, options) =>
      embed(
        connection.client,
        request,
        termsOf(connection, request.model, 'TEXT_EMBEDDING'),
        options,
      ),
    draw: (request, options) => draw(request, options, media(request.model, 'IMAGE')),
    speak: (request, options) => speak(request, options, media(request.model, 'TEXT_TO_SPEECH')),
    transcribe: (request, options) => transcribe(connection, request, options),
  }
}

/** The build for browsers: the one for Node takes keys, addresses and projects from the environment. */
function clientOf({ url, apiKey }: VendorEndpoint, maxBytes: number): GoogleGenAI {
  return new GoogleGenAI({
    // The client insists on a key; proxies that want none ignore it.
    apiKey: apiKey ?? 'none',
    // No `retryOptions`: with none it does not retry. One layer does, and it is Temporal.
    httpOptions: { baseUrl: url, apiVersion: 'v1beta', fetch: vendorFetch({ ...rules, maxBytes }) },
  })
}

const rules = {
  mediaType: (url: string) => (url.includes('alt=sse') ? 'text/event-stream' : 'application/json'),
  refusal: googleRefusal,
}

const termsOf = ({ endpoint, limits }: Connection, model: string, purpose: ModelPurpose) => {
  const call = { endpoint, model, purpose }
  return {
    call,
    patience: patienceFor(purpose, limits),
    errorOf: (error: unknown) => googleError(error, call),
  }
}

const generate = (connection: Connection, request: ModelRequest, options: GenerateOptions) =>
  streamed(connection, request, options, (signal) => ({
    model: request.model,
    contents: contentsOf(request),
    config: generateConfig(request, signal),
  }))

function transcribe(
  connection: Connection,
  { model, audio, mimeType, prompt }: TranscribeRequest,
  { signal: caller }: CallOptions,
): Promise<ModelResult> {
  const words = prompt ? ` These words may occur: ${prompt}` : ''
  const text = `Write down what is said in this recording, word for word, and nothing else.${words}`
  const contents = [{ role: 'user', parts: [{ text }, bytesPart(audio, mimeType)] }]
  const options = { signal: caller, onText: () => undefined }
  return streamed(connection, { model, purpose: 'TRANSCRIPTION' }, options, (signal) => ({
    model,
    contents,
    config: singleRequest(signal),
  }))
}

async function streamed(
  connection: Connection,
  { model, purpose }: { readonly model: string; readonly purpose: ModelPurpose },
  { signal: caller, onText }: GenerateOptions,
  params: (signal: AbortSignal) => GenerateContentParameters,
): Promise<ModelResult> {
  const { client, limits } = connection
  const terms = { ...termsOf(connection, model, purpose), caller }
  const text = collectText(limits.maxAnswerLength, onText)
  const answer = readAnswer(text, limits.maxAnswerLength)
  const open = (signal: AbortSignal) => client.models.generateContentStream(params(signal))
  for await (const chunk of watchedStream(open, terms)) {
    answer.push(chunk)
    if (answer.isCut()) break
  }
  const result = answer.result()
  if (result === undefined) throw vendorError({ kind: 'broken-off' }, terms.call)
  return result
}

const asking =
  (connection: Connection, model: string, purpose: ModelPurpose): AskGoogle =>
  (params, { signal: caller }) =>
    watchedCall((signal) => connection.client.models.generateContent(params(signal)), {
      ...termsOf(connection, model, purpose),
      caller,
    })
