import type { Context } from 'hono'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import type { StreamPosition } from '../streams/turn-stream.ts'
import type { AcceptedTurn, ApiDeps } from './deps.ts'
import { type FollowItem, followTurn } from './follow-turn.ts'
import { formatCursor, parseCursor, type StreamCursor } from './stream-cursor.ts'
import type { TurnResult } from './turns-port.ts'

const HEARTBEAT_MS = 15_000
/** How soon an EventSource comes back after a cut. */
const RECONNECT_MS = 1_000

export interface TurnEventsOptions {
  readonly turns: readonly Pick<AcceptedTurn, 'turnId' | 'agentId' | 'known'>[]
  /** The header as it came. */
  readonly lastEventId?: string
  /** Sent first, unless the reader resumes. */
  readonly userMessage?: unknown
}

interface Reader {
  readonly deps: ApiDeps
  readonly sse: SSEStreamingApi
  readonly signal: AbortSignal
  /** Where the reader was when it came. */
  readonly from: StreamCursor
  /** The id of its last event was not of this stream: it must forget what it has. */
  readonly startsOver: boolean
  /** One position per turn; moved before an event is written. */
  readonly cursor: (StreamPosition | undefined)[]
}

/**
 * Server-sent events of a message's turns: `user_message`, then per turn `chunk` and `restart`, at
 * last `done`, `error` or `waiting_approval`. Ends when every turn has ended; a reader that leaves frees all of it.
 */
export function streamTurnEvents(c: Context, deps: ApiDeps, options: TurnEventsOptions): Response {
  const gone = new AbortController()
  const signal = deps.closing ? AbortSignal.any([deps.closing, gone.signal]) : gone.signal
  return streamSSE(c, async (sse) => {
    sse.onAbort(() => gone.abort())
    const stopHeartbeat = startHeartbeat(sse, deps.settings.heartbeatMs ?? HEARTBEAT_MS)
    try {
      await greet(sse, options)
      const reader = openReader(deps, sse, signal, options)
      await Promise.all(options.turns.map((turn, index) => writeTurn(reader, turn, index)))
    } catch (error) {
      await breakOff(deps, sse, error, options)
    } finally {
      stopHeartbeat()
      gone.abort()
    }
  })
}

/** Comments keep proxies from cutting a silent stream, and find out that the reader is gone. */
function startHeartbeat(sse: SSEStreamingApi, everyMs: number): () => void {
  const timer = setInterval(() => void sse.write(': heartbeat\n\n'), everyMs)
  return () => clearInterval(timer)
}

async function greet(sse: SSEStreamingApi, { userMessage, lastEventId }: TurnEventsOptions) {
  if (userMessage === undefined || lastEventId !== undefined) return
  const data = JSON.stringify(userMessage)
  await sse.writeSSE({ event: 'user_message', data, retry: RECONNECT_MS })
}

function openReader(
  deps: ApiDeps,
  sse: SSEStreamingApi,
  signal: AbortSignal,
  { turns, lastEventId }: TurnEventsOptions,
): Reader {
  const known = lastEventId === undefined ? undefined : parseCursor(lastEventId, turns.length)
  const from = known ?? turns.map(() => undefined)
  const startsOver = lastEventId !== undefined && known === undefined
  return { deps, sse, signal, from, startsOver, cursor: [...from] }
}

async function writeTurn(
  reader: Reader,
  { turnId, known }: TurnEventsOptions['turns'][number],
  index: number,
): Promise<void> {
  const { deps, sse, signal, from, startsOver, cursor } = reader
  let turn: TurnResult | undefined
  let gen = 1
  for await (const item of followTurn(deps, turnId, { after: from[index], known, signal })) {
    if (item.kind === 'known' || item.kind === 'result') turn = item.result
    if (item.kind === 'chunk' && item.gen !== gen) {
      gen = item.gen
      turn = await deps.turns.result(turnId) // Each generation replies under an id of its own.
    }
    if (!turn || (item.kind === 'known' && !startsOver)) continue
    if (item.kind !== 'known') cursor[index] = item
    await sse.writeSSE({ ...toEvent(item, turn), id: formatCursor(cursor) })
  }
}

function toEvent(item: FollowItem, turn: TurnResult): { event: string; data: string } {
  if (item.kind === 'result') return toLastEvent(turn)
  const { turnId, agentId, replyId: messageId } = turn
  if (item.kind !== 'chunk') {
    return { event: 'restart', data: JSON.stringify({ messageId, turnId, agentId }) }
  }
  const chunk = { messageId, chunk: item.text, index: item.seq, agentId, turnId }
  return { event: 'chunk', data: JSON.stringify(chunk) }
}

/**
 * `done` carries ElizaOS's Content with the full text; `error` the code, and what the person reads;
 * `waiting_approval` what was said so far and the question: the turn goes on once it is answered.
 */
function toLastEvent({ turnId, agentId, replyId, state, code, reply, approval }: TurnResult) {
  const ids = { turnId, agentId, messageId: replyId, state }
  if (state === 'waiting_approval') {
    const waiting = { text: reply?.text ?? null, approval: approval ?? null, ...ids }
    return { event: 'waiting_approval', data: JSON.stringify(waiting) }
  }
  if (state === 'replied' || state === 'ignored' || (state === 'merged' && code === null)) {
    return {
      event: 'done',
      data: JSON.stringify({ ...(reply ?? { actions: ['IGNORE'] }), ...ids }),
    }
  }
  const error = { error: code ?? state, text: reply?.text ?? null, ...ids }
  return { event: 'error', data: JSON.stringify(error) }
}

/** The stream cannot go on, but the turns do: the reader comes back with its `Last-Event-ID`. */
async function breakOff(
  { log }: ApiDeps,
  sse: SSEStreamingApi,
  error: unknown,
  { turns }: TurnEventsOptions,
): Promise<void> {
  const turnId = turns[0]?.turnId
  log.error({ err: error, turnId }, 'event stream broke off')
  const data = JSON.stringify({ error: 'stream_interrupted', text: null, turnId })
  await sse.writeSSE({ event: 'error', data })
}
