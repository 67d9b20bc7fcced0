import OpenAI, { APIError } from 'openai'
import type { ModelPurpose } from '../agent/models.ts'
import { boundedFetch } from './bounded-fetch.ts'
import type { OpenaiDialect } from './openai-dialect.ts'
import { isOpenai } from './openai-endpoint.ts'
import { NotAnAnswerError, openaiError } from './openai-error.ts'
import { withoutCustomHeaders } from './openai-headers.ts'
import { isRecord } from './openai-usage.ts'
import type { Patience } from './stall-watch.ts'
import type { VendorEndpoint } from './vendor-endpoint.ts'
import type { VendorCall } from './vendor-error.ts'
import { watchedCall } from './watched-stream.ts'

/** Limits of one call. */
export interface OpenaiLimits extends Patience {
  /** In UTF-16 units. The rest is not read: the request is aborted and the result is `length`. */
  readonly maxAnswerLength: number
  /** For what is not streamed: vectors, pictures, transcriptions. Milliseconds. */
  readonly wholeAnswerMs: number
  /** Of one request, on the wire. */
  readonly maxAnswerBytes: number
}

const LIMITS: OpenaiLimits = {
  // A local server may have to load the model first; a turn's deadline is 5 minutes.
  firstChunkMs: 90_000,
  nextChunkMs: 30_000,
  maxAnswerLength: 1_000_000,
  // Large pictures take two minutes.
  wholeAnswerMs: 180_000,
  // Ten pictures of the largest size.
  maxAnswerBytes: 100_000_000,
}

export interface Connection {
  readonly client: OpenAI
  readonly endpoint: VendorEndpoint
  readonly dialect: OpenaiDialect
  readonly limits: OpenaiLimits
}

interface ConnectionOptions {
  readonly endpoint: VendorEndpoint
  readonly dialect: OpenaiDialect
  readonly limits: Partial<OpenaiLimits>
}

export function connect({ endpoint, dialect, limits }: ConnectionOptions): Connection {
  // The client insists on a key; servers that want none ignore it.
  const { url: baseURL, apiKey = 'none' } = endpoint
  const all = { ...LIMITS, ...limits }
  const client = new OpenAI({
    baseURL,
    apiKey,
    fetch: boundedFetch(all.maxAnswerBytes),
    // One layer retries, and it is Temporal.
    maxRetries: 0,
    // Its log would show prompts, by an environment variable that is not ours.
    logLevel: 'off',
    // These come from the environment and go with its key: another vendor, or an agent's own account,
    // has no business with them.
    adminAPIKey: null,
    ...(!isEnvironments(endpoint) && {
      organization: null,
      project: null,
      defaultHeaders: withoutCustomHeaders(apiKey),
    }),
  })
  return { client, endpoint, dialect, limits: all }
}

/** Whether it is OpenAI's own API, with the key that the environment has for it. */
const isEnvironments = (endpoint: VendorEndpoint): boolean =>
  isOpenai(endpoint) && endpoint.apiKey === process.env.OPENAI_API_KEY?.trim()

export const callOf = (
  { endpoint }: Connection,
  { model }: { readonly model: string },
  purpose: ModelPurpose,
): VendorCall => ({ endpoint, model, purpose })

interface WholeCall {
  readonly call: VendorCall
  readonly signal: AbortSignal
}

/** An answer in one piece; whatever goes wrong leaves as a `ModelError` or as the signal's reason. */
export const wholeAnswer = <T>(
  { limits: { wholeAnswerMs: ms } }: Connection,
  { call, signal: caller }: WholeCall,
  ask: (options: { readonly signal: AbortSignal }) => Promise<T>,
): Promise<T> =>
  watchedCall((signal) => ask({ signal }), {
    call,
    caller,
    patience: { firstChunkMs: ms, nextChunkMs: ms },
    errorOf: (error) => openaiError(error, call),
  })

/** The client believes any document: this one looks first. @throws an error for `openaiError` */
export async function documentOf(request: {
  withResponse(): Promise<{ data: unknown; response: Response }>
}): Promise<Readonly<Record<string, unknown>>> {
  const { data, response } = await request.withResponse()
  if (!isRecord(data)) throw new NotAnAnswerError(contentTypeOf(response))
  // Routers answer 200 before the vendor behind them has failed.
  if (isRecord(data.error)) throw new APIError(undefined, data.error, undefined, response.headers)
  return data
}

export const contentTypeOf = ({ headers }: Response): string =>
  headers.get('content-type')?.split(';')[0] ?? 'no content type'
