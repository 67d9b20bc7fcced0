import type { GenerateOptions, ModelRequest, ModelResult, ModelVendor } from '../agent/models.ts'
import { readMessage, type WireEvent } from './anthropic-answer.ts'
import { type AnthropicConnection, connectAnthropic } from './anthropic-client.ts'
import { anthropicError } from './anthropic-error.ts'
import { messageParams } from './anthropic-request.ts'
import { type Patience, patienceFor } from './stall-watch.ts'
import type { EndpointSettings } from './vendor-endpoint.ts'
import { vendorError } from './vendor-error.ts'
import { watchedStream } from './watched-stream.ts'

/** Limits of one call. */
export interface AnthropicLimits extends Patience {
  /** In UTF-16 units. The rest is not read: the request is aborted and the result is `length`. */
  readonly maxAnswerLength: number
  /** Of everything that is sent for it, what the model thinks included. */
  readonly maxAnswerBytes: number
}

const LIMITS: AnthropicLimits = {
  // Models may think before they write, and say nothing meanwhile; a turn's deadline is 5 minutes.
  firstChunkMs: 120_000,
  nextChunkMs: 30_000,
  maxAnswerLength: 1_000_000,
  maxAnswerBytes: 64_000_000,
}

interface Connection extends AnthropicConnection {
  readonly limits: AnthropicLimits
}

/**
 * Anthropic's Messages API, and endpoints that speak the same wire.
 *
 * @throws {ModelError} `model_not_configured` when the address or the key cannot be used.
 */
export function createAnthropicVendor(
  endpoint: EndpointSettings,
  limits: Partial<AnthropicLimits> = {},
): ModelVendor {
  const all = { ...LIMITS, ...limits }
  const connection = { ...connectAnthropic(endpoint, all.maxAnswerBytes), limits: all }
  return {
    name: 'anthropic',
    generate: (request, options) => generate(connection, request, options),
  }
}

async function generate(
  connection: Connection,
  request: ModelRequest,
  { signal, onText }: GenerateOptions,
): Promise<ModelResult> {
  const { endpoint, limits } = connection
  const call = { endpoint, model: request.model, purpose: request.purpose }
  const reader = readMessage(limits.maxAnswerLength, onText)
  const bunches = watchedStream((own) => ask(connection, request, own), {
    call,
    patience: patienceFor(request.purpose, limits),
    caller: signal,
    errorOf: (error) => anthropicError(error, call),
  })
  for await (const events of bunches) {
    events.forEach(reader.read)
    // Leaving the loop aborts the request.
    if (reader.isCut()) break
  }
  const result = reader.result()
  if (result) return result
  throw vendorError({ kind: 'broken-off' }, call)
}

type Event = WireEvent | null

async function ask(
  { client }: Connection,
  request: ModelRequest,
  signal: AbortSignal,
): Promise<AsyncIterable<readonly Event[]>> {
  const body = messageParams(request)
  // `messages.create` is this and a line on the console for models that will be retired.
  return bunched(
    await client.post<AsyncIterable<Event>>('/v1/messages', { body, stream: true, signal }),
  )
}

/**
 * The vendor greets at once and then says nothing while the model thinks. So the greeting is handed on
 * with what follows it, and the first clock runs until thinking is over.
 */
async function* bunched(events: AsyncIterable<Event>): AsyncGenerator<readonly Event[]> {
  let bunch: Event[] = []
  for await (const event of events) {
    if (isThought(event)) continue
    bunch.push(event)
    if (event?.type !== 'content_block_delta') continue
    yield bunch
    bunch = []
  }
  yield bunch
}

const isThought = (event: Event): boolean =>
  /^(?:thinking|signature)_delta$/.test(event?.delta?.type ?? '')
