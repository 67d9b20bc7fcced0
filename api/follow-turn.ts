import { setTimeout as delay } from 'node:timers/promises'
import { UnavailableError } from '../agent/errors.ts'
import { isResting, isTerminal } from '../schema/turn.ts'
import type { StreamItem, StreamPosition } from '../streams/turn-stream.ts'
import type { ApiDeps } from './deps.ts'
import type { TurnResult, TurnsPort } from './turns-port.ts'

/** How often the turns row is read, in case the stream lost the ending. */
const POLL_MS = 1_000
/** How long a stream may still hand over its buffered chunks once the row says that the turn ended. */
const DRAIN_MS = 250
const BEGINNING: StreamPosition = { gen: 0, attempt: 0, seq: 0 }

export type FollowItem =
  /** How the turn stands; always first. */
  | { readonly kind: 'known'; readonly result: TurnResult }
  | Exclude<StreamItem, { kind: 'settled' }>
  | (StreamPosition & { readonly kind: 'result'; readonly result: TurnResult })

export interface FollowOptions {
  /** Resume behind this position. */
  readonly after?: StreamPosition
  /** How the turn stands, when the caller knows; else it is read. */
  readonly known?: TurnResult
  /** Ends the iteration without a result. */
  readonly signal: AbortSignal
}

/** A chain of merged turns ends sooner; this ends a mistake. */
const MAX_HOPS = 5

/**
 * How a turn stands, what it says, and how it ended. A merged turn is followed to the one that answers for it.
 *
 * @throws {NotFoundError} there is no such turn.
 */
export async function* followTurn(
  deps: Pick<ApiDeps, 'turns' | 'stream'>,
  turnId: string,
  options: FollowOptions,
): AsyncGenerator<FollowItem, void, undefined> {
  let id = turnId
  let followed = options
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    let next: string | undefined
    for await (const item of followOne(deps, id, followed)) {
      next = 'result' in item ? answererOf(item.result) : undefined
      if (next !== undefined) break
      yield 'result' in item && hop > 0 ? { ...item, result: asMerged(item.result, turnId) } : item
    }
    if (next === undefined) return
    id = next
    followed = { after: options.after, signal: options.signal }
  }
}

/** How a turn stands now; a merged one as the turn that answers for it. @throws {NotFoundError} */
export async function standingOf(
  { turns }: Pick<ApiDeps, 'turns'>,
  turnId: string,
): Promise<TurnResult> {
  let result = await turns.result(turnId)
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    const next = answererOf(result)
    if (next === undefined) break
    result = await turns.result(next)
  }
  return result.turnId === turnId ? result : asMerged(result, turnId)
}

const answererOf = ({ state, answeredBy }: TurnResult): string | undefined =>
  state === 'merged' ? (answeredBy ?? undefined) : undefined

/** What the answering turn says, as the turn that was merged into it. */
const asMerged = (result: TurnResult, turnId: string): TurnResult => ({
  ...result,
  turnId,
  state: isTerminal(result.state) ? 'merged' : result.state,
  answeredBy: result.turnId,
})

/**
 * How one turn stands, what it says, and how it ended. The stream may lose anything, so the row decides: it is read
 * before waiting and every second. Unless aborted, the last item is the result.
 *
 * @throws {NotFoundError} there is no such turn.
 */
async function* followOne(
  { turns, stream }: Pick<ApiDeps, 'turns' | 'stream'>,
  turnId: string,
  { after, known: given, signal }: FollowOptions,
): AsyncGenerator<FollowItem, void, undefined> {
  const ours = new AbortController()
  const stop = AbortSignal.any([signal, ours.signal])
  const known = given ?? (await turns.result(turnId))
  yield { kind: 'known', result: known }
  const ending = pollEnding(turns, turnId, known, stop)
  const drained = ending.then((result) => delay(DRAIN_MS, result, { signal: stop }))
  drained.catch(() => undefined) // Aborted, or a failure that `ending` reports to whoever waits for it.
  let last = after ?? BEGINNING
  try {
    for await (const item of until(drained, stream.subscribe(turnId, { after, signal: stop }))) {
      last = item
      if (item.kind === 'settled') break
      yield item
    }
    const result = await endingNow(turns, turnId, ending, stop)
    if (result) yield { ...positionOf(last), kind: 'result', result }
  } finally {
    ours.abort()
  }
}

/** How a turn ended, or that it waits for an approval; undefined when `signal` was aborted before that. */
export async function waitForEnding(
  deps: Pick<ApiDeps, 'turns' | 'stream'>,
  turnId: string,
  options: Pick<FollowOptions, 'known' | 'signal'>,
): Promise<TurnResult | undefined> {
  for await (const item of followTurn(deps, turnId, options)) {
    const isKnown = item.kind === 'known' && isResting(item.result.state)
    if (isKnown || item.kind === 'result') return item.result
  }
  return undefined
}

/** The items of a stream; ends with it, when it breaks, or when `end` is settled. */
async function* until(end: Promise<unknown>, items: AsyncIterable<StreamItem>) {
  const iterator = items[Symbol.asyncIterator]()
  const over: Promise<IteratorResult<StreamItem>> = end.then(finished, finished)
  try {
    for (;;) {
      // The stream is best effort: when it breaks, the row still knows.
      const next = await Promise.race([iterator.next().catch(finished), over])
      if (next.done) return
      yield next.value
    }
  } finally {
    // Not awaited: a generator that waits for its next event returns only after it.
    iterator.return?.()?.catch(() => undefined)
  }
}

const finished = () => ({ done: true, value: undefined }) as const

async function endingNow(
  turns: TurnsPort,
  turnId: string,
  ending: Promise<TurnResult | undefined>,
  signal: AbortSignal,
): Promise<TurnResult | undefined> {
  if (signal.aborted) return undefined
  const now = await resultIfReachable(turns, turnId)
  return now && isResting(now.state) ? now : ending
}

async function pollEnding(
  turns: TurnsPort,
  turnId: string,
  known: TurnResult,
  signal: AbortSignal,
): Promise<TurnResult | undefined> {
  let result: TurnResult | undefined = known
  while (!result || !isResting(result.state)) {
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return undefined
    result = await resultIfReachable(turns, turnId)
  }
  return result
}

/** Undefined while Postgres is away: it is asked again with the next poll. */
async function resultIfReachable(turns: TurnsPort, turnId: string) {
  try {
    return await turns.result(turnId)
  } catch (error) {
    if (error instanceof UnavailableError) return undefined
    throw error
  }
}

const positionOf = ({ gen, attempt, seq }: StreamPosition): StreamPosition => ({
  gen,
  attempt,
  seq,
})
