import type OpenAI from 'openai'
import type {
  Billed,
  FinishReason,
  GenerateOptions,
  ModelRequest,
  ModelResult,
} from '../agent/models.ts'
import { type AnswerText, collectText } from './answer-text.ts'
import { type Connection, callOf, contentTypeOf } from './openai-connection.ts'
import { NotAnAnswerError, openaiError } from './openai-error.ts'
import { chatParams } from './openai-request.ts'
import { collectToolCalls, type ToolCallPieces } from './openai-tool-calls.ts'
import { billOf, isRecord } from './openai-usage.ts'
import { patienceFor } from './stall-watch.ts'
import { vendorError } from './vendor-error.ts'
import { watchedStream } from './watched-stream.ts'

type Chunk = OpenAI.Chat.Completions.ChatCompletionChunk

/** What was heard of an answer so far. */
interface Heard {
  readonly answer: AnswerText
  readonly tools: ToolCallPieces
  readonly maxLength: number
  finish: string | undefined
  bill: Billed
  /** The count for the whole has come: it stands in a chunk without words. */
  isCounted: boolean
  isEmpty: boolean
  isRefused: boolean
}

/** `POST /chat/completions`, streamed. */
export async function generate(
  connection: Connection,
  request: ModelRequest,
  { signal, onText }: GenerateOptions,
): Promise<ModelResult> {
  signal.throwIfAborted()
  const { maxAnswerLength: maxLength } = connection.limits
  const heard: Heard = {
    answer: collectText(maxLength, onText),
    tools: collectToolCalls(),
    maxLength,
    finish: undefined,
    bill: { cost: null },
    isCounted: false,
    isEmpty: true,
    isRefused: false,
  }
  for await (const chunk of chunks(connection, request, signal)) {
    hear(heard, chunk, connection)
    // Leaving the loop aborts the request.
    if (isCut(heard)) break
  }
  // Routers end a stream like this when the vendor behind them has failed.
  if (heard.isEmpty || heard.finish === 'error') {
    throw vendorError({ kind: 'broken-off' }, callOf(connection, request, request.purpose))
  }
  return resultOf(heard)
}

function hear(heard: Heard, chunk: Chunk | null, { dialect }: Connection): void {
  const choice = chunk?.choices?.[0]
  heard.isEmpty &&= !isRecord(choice)
  const { content, refusal, tool_calls: calls } = choice?.delta ?? {}
  if (typeof content === 'string') heard.answer.push(content)
  if (typeof refusal === 'string' && refusal !== '') {
    heard.isRefused = true
    heard.answer.push(refusal)
  }
  heard.tools.push(calls)
  heard.finish = choice?.finish_reason ?? heard.finish
  const bill = billOf(usageIn(chunk), dialect)
  if (!bill.usage) return
  heard.bill = bill
  heard.isCounted ||= !isRecord(choice)
}

/** Groq had a place of its own for it before it took up OpenAI's. */
function usageIn(chunk: Chunk | null): unknown {
  if (chunk?.usage) return chunk.usage
  const own = isRecord(chunk) ? chunk.x_groq : undefined
  return isRecord(own) ? own.usage : undefined
}

const isCut = ({ answer, tools, maxLength }: Heard): boolean =>
  answer.isCut() || tools.length() > maxLength

function resultOf(heard: Heard): ModelResult {
  const { answer, tools, bill, finish, isCounted } = heard
  answer.end()
  const toolCalls = tools.calls()
  return {
    text: answer.text(),
    finishReason: finishReasonOf(heard, toolCalls.length > 0),
    ...(toolCalls.length > 0 && { toolCalls }),
    // Some copies count in every chunk: without an end the stream was cut on its way, and the count with it.
    ...(isCounted || finish !== undefined ? bill : { cost: null }),
  }
}

/** A stream that ends without a reason may have been cut by a proxy. */
function finishReasonOf(heard: Heard, hasCalls: boolean): FinishReason {
  const { finish } = heard
  if (isCut(heard) || finish === 'length') return 'length'
  if (heard.isRefused || finish === 'content_filter') return 'content-filter'
  // Copies of the wire end with `stop` after a call, too.
  if (hasCalls && finish !== undefined) return 'tool-calls'
  return finish === 'stop' ? 'stop' : 'unknown'
}

/** The vendor's chunks; whatever goes wrong while they come leaves as a `ModelError` or as the signal's reason. */
function chunks(
  connection: Connection,
  request: ModelRequest,
  caller: AbortSignal,
): AsyncIterable<Chunk | null> {
  const call = callOf(connection, request, request.purpose)
  const patience = patienceFor(request.purpose, connection.limits)
  const body = chatParams(request, connection.dialect)
  return watchedStream(
    async (signal) => {
      const completion = connection.client.chat.completions.create(body, { signal })
      const { data, response } = await completion.withResponse()
      await assertEventStream(response)
      return data
    },
    { call, patience, caller, begins, errorOf: (error) => openaiError(error, call) },
  )
}

/** Vendors greet with a role at once, and some repeat that while the model is loading or thinking. */
function begins(chunk: Chunk | null): boolean {
  const { delta, finish_reason: finish } = chunk?.choices?.[0] ?? {}
  const said = Object.entries(delta ?? {}).filter(([name]) => name !== 'role')
  return Boolean(finish) || said.some(([, value]) => isSaid(value))
}

// Reasoning has other names at every vendor.
const isSaid = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : value != null && value !== ''

async function assertEventStream(response: Response): Promise<void> {
  const contentType = response.headers.get('content-type') ?? 'text/event-stream'
  if (contentType.startsWith('text/event-stream')) return
  await response.body?.cancel()
  throw new NotAnAnswerError(contentTypeOf(response))
}
