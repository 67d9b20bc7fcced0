import OpenAI from 'openai'
import type {
  FinishReason,
  GenerateOptions,
  ModelRequest,
  ModelResult,
  ModelUsage,
  ModelVendor,
} from '../agent/models.ts'
import { collectText } from './answer-text.ts'
import { type CheckedEndpoint, checkEndpoint, type OpenaiEndpoint } from './openai-endpoint.ts'
import { brokenOff, NotAStreamError, openaiError, stalledError } from './openai-error.ts'
import { chatParams } from './openai-request.ts'
import { type Patience, watchForStall } from './stall-watch.ts'

type Chunk = OpenAI.Chat.Completions.ChatCompletionChunk

/** Limits of one call. */
export interface OpenaiLimits extends Patience {
  /** In UTF-16 units. The rest is not read: the request is aborted and the result is `length`. */
  readonly maxAnswerLength: number
}

const LIMITS: OpenaiLimits = {
  // A local server may have to load the model first; a turn's deadline is 5 minutes.
  firstChunkMs: 90_000,
  nextChunkMs: 30_000,
  maxAnswerLength: 1_000_000,
}

interface Connection {
  readonly client: OpenAI
  readonly endpoint: CheckedEndpoint
  readonly limits: OpenaiLimits
}

/**
 * Any endpoint that speaks OpenAI's `chat/completions`.
 *
 * @throws {ModelError} `model_not_configured` when the address or the key cannot be used.
 */
export function createOpenaiVendor(
  endpoint: OpenaiEndpoint,
  limits: Partial<OpenaiLimits> = {},
): ModelVendor {
  const checked = checkEndpoint(endpoint)
  const connection = {
    client: clientOf(checked),
    endpoint: checked,
    limits: { ...LIMITS, ...limits },
  }
  return {
    name: 'openai',
    generate: (request, options) => generate(connection, request, options),
  }
}

function clientOf({ url, apiKey, isOpenai }: CheckedEndpoint): OpenAI {
  return new OpenAI({
    baseURL: url,
    // The client insists on a key; servers that want none ignore it.
    apiKey: apiKey ?? 'none',
    // One layer retries, and it is Temporal.
    maxRetries: 0,
    // Its log would show prompts, by an environment variable that is not ours.
    logLevel: 'off',
    // These come from the environment and are OpenAI's: another vendor has no business with them.
    adminAPIKey: null,
    ...(!isOpenai && { organization: null, project: null }),
  })
}

async function generate(
  connection: Connection,
  request: ModelRequest,
  { signal, onText }: GenerateOptions,
): Promise<ModelResult> {
  signal.throwIfAborted()
  const answer = collectText(connection.limits.maxAnswerLength, onText)
  let finish: string | undefined
  let usage: ModelUsage | undefined
  let isEmpty = true
  for await (const chunk of chunks(connection, request, signal)) {
    const choice = chunk?.choices?.[0]
    isEmpty &&= choice === undefined
    if (typeof choice?.delta?.content === 'string') answer.push(choice.delta.content)
    finish = choice?.finish_reason ?? finish
    usage = usageOf(chunk?.usage) ?? usage
    // Leaving the loop aborts the request.
    if (answer.isCut()) break
  }
  if (isEmpty) throw brokenOff({ endpoint: connection.endpoint, request })
  answer.end()
  const finishReason = answer.isCut() ? 'length' : finishReasonOf(finish)
  return { text: answer.text(), finishReason, ...(usage && { usage }), cost: null }
}

/** The vendor's chunks; whatever goes wrong while they come leaves as a `ModelError` or as the signal's reason. */
async function* chunks(
  { client, endpoint, limits }: Connection,
  request: ModelRequest,
  caller: AbortSignal,
): AsyncGenerator<Chunk> {
  const call = { endpoint, request }
  const watch = watchForStall(caller, limits, (silentMs) => stalledError(call, silentMs))
  const { signal } = watch
  try {
    const { data, response } = await client.chat.completions
      .create(chatParams(request, endpoint.isOpenai), { signal })
      .withResponse()
    await assertEventStream(response)
    for await (const chunk of data) {
      watch.heard()
      yield chunk
    }
    // The client ends an aborted stream as if it were complete.
    signal.throwIfAborted()
  } catch (error) {
    signal.throwIfAborted()
    throw openaiError(error, call)
  } finally {
    watch.end()
  }
}

async function assertEventStream({ headers, body }: Response): Promise<void> {
  const contentType = headers.get('content-type') ?? 'text/event-stream'
  if (contentType.startsWith('text/event-stream')) return
  await body?.cancel()
  throw new NotAStreamError(contentType)
}

/** What the finish reason means to us. A stream that ends without one may have been cut by a proxy. */
function finishReasonOf(reason: string | undefined): FinishReason {
  if (reason === 'stop' || reason === 'length') return reason
  return reason === 'content_filter' ? 'content-filter' : 'unknown'
}

/** A prompt is never 0 tokens long: servers that do not count send zeros, which is no usage at all. */
function usageOf(usage: Chunk['usage']): ModelUsage | undefined {
  const inputTokens = usage?.prompt_tokens
  const outputTokens = usage?.completion_tokens
  if (!isCount(inputTokens) || !isCount(outputTokens) || inputTokens === 0) return undefined
  const cachedTokens = usage?.prompt_tokens_details?.cached_tokens
  return { inputTokens, outputTokens, ...(isCount(cachedTokens) && { cachedTokens }) }
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
