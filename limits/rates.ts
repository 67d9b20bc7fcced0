import type { Kysely } from 'kysely'
import type { RateLimits, RateTicket } from '../agent/rates.ts'
import type { Database } from '../schema/database.ts'
import { type Admission, admission, isPaced, MAX_WAIT_MS } from './admission.ts'
import { busy } from './busy.ts'
import { createGates, type Gate, type Gates } from './gate.ts'
import { countedTokens } from './pace.ts'
import { correctRate, forgetOldRates, pauseAccount, type RateKey, readPauses } from './rate-rows.ts'
import { createRefresher } from './refresher.ts'
import { crowdedGate, join, makeRoom } from './waiting-room.ts'
import { createWaits, type Waits } from './waits.ts'

export interface RateLimitsOptions {
  readonly db: Kysely<Database>
  /** A statement failed: this process keeps its own pace. @default nobody is told */
  readonly onError?: (error: unknown) => void
  /** Milliseconds of a clock that never goes back. @default performance.now */
  readonly now?: () => number
  /** Who may wait for one account in this process. @default 64 */
  readonly maxWaiting?: number
  /** Who may wait in this process at all. @default 128, so that 200 activity slots do other things too */
  readonly maxWaitingInAll?: number
  /** Milliseconds that anybody waits, for a free slot or for the account's pace. @default 30,000 */
  readonly maxWaitMs?: number
  /** Age in milliseconds, while calls are made, of the pauses that others heard of. @default 1,000 */
  readonly refreshMs?: number
}

/** An account as this process uses it just now. */
export interface AccountUse extends RateKey {
  readonly running: number
  readonly waiting: number
  readonly maxConcurrent: number
  readonly pausedMs: number
}

export interface SharedRateLimits extends RateLimits {
  use(): readonly AccountUse[]
  /** Whoever waits is refused, retryably. Calls that run may still leave. */
  close(): Promise<void>
}

interface House {
  readonly db: Kysely<Database>
  readonly gates: Gates
  readonly waits: Waits
  now(): number
  onError(error: unknown): void
}

const FORGET_EVERY_MS = 600_000

/**
 * Slots per account in this process; requests and tokens per minute over all processes, by one statement
 * per call of an account that has such a limit, and none for the others.
 */
export function createRateLimits(options: RateLimitsOptions): SharedRateLimits {
  const { db, onError = () => undefined, now = () => performance.now() } = options
  const { maxWaiting = 64, maxWaitingInAll = 128, refreshMs: everyMs = 1_000 } = options
  const { maxWaitMs = MAX_WAIT_MS } = options
  const gates = createGates(now)
  const waits = createWaits()
  const house: House = { db, gates, waits, now, onError }
  const refresher = createRefresher({ everyMs, read: createReader(house), onError })
  return {
    enter: (ticket) =>
      new Promise((resolve, reject) => {
        ticket.signal.throwIfAborted()
        refresher.touch()
        const gate = gates.of(keyOf(ticket.target))
        gate.limits = ticket.target.limits
        if (waits.hasEnded) throw closing(gate.key)
        const waiter = join(gate, ticket, { resolve, reject, maxWaitMs })
        void pump(house, gate)
        const crowded = crowdedGate(gates, gate, { maxWaiting, maxWaitingInAll })
        if (crowded) makeRoom(crowded, gate, waiter)
      }),
    pause(target, ms) {
      const gate = gates.of(keyOf(target))
      gate.pausedUntil = Math.max(gate.pausedUntil, now() + ms)
      pauseAccount(db, gate.key, ms).catch(onError)
    },
    use: () => gates.all().map((gate) => useOf(gate, now())),
    async close() {
      waits.end()
      for (const gate of gates.all()) {
        for (let waiter = gate.queue.shift(); waiter; waiter = gate.queue.shift()) {
          waiter.refuse(closing(gate.key))
        }
      }
      await refresher.close()
    },
  }
}

/** Pauses that other processes heard of. */
function createReader({ db, gates, now }: House): () => Promise<void> {
  let forgottenAt = now()
  return async () => {
    for (const gate of gates.all()) gates.forget(gate)
    for (const row of await readPauses(db)) {
      const gate = gates.of(row)
      gate.pausedUntil = Math.max(gate.pausedUntil, now() + row.pauseMs)
    }
    if (now() - forgottenAt < FORGET_EVERY_MS) return
    forgottenAt = now()
    await forgetOldRates(db)
  }
}

/** Lets in whoever is next, for as long as there are slots. Never rejects. */
async function pump(house: House, gate: Gate): Promise<void> {
  if (gate.isPumping) return
  gate.isPumping = true
  while (gate.queue.size > 0 && gate.running < gate.limits.maxConcurrent) {
    const isWaiting = isPaced(gate, house.now())
    letIn(house, gate, isWaiting ? await admission(gate, house) : { kind: 'now', tokens: 0 })
  }
  gate.isPumping = false
  house.gates.forget(gate)
}

function letIn(house: House, gate: Gate, admitted: Admission): void {
  const waiter = gate.queue.shift()
  if (admitted.kind === 'later') {
    waiter?.refuse(busy(gate.key, admitted.why, admitted.waitMs))
    return
  }
  const settle = settlement(house, gate, admitted)
  if (!waiter) {
    settle(0)
    return
  }
  gate.running += 1
  let hasLeft = false
  waiter.enter((tokens) => {
    if (hasLeft) return
    hasLeft = true
    gate.running -= 1
    settle(tokens ?? waiter.ticket.tokens, tokens === 0)
    void pump(house, gate)
    house.gates.forget(gate)
  })
}

/** Puts what a call used in place of what was taken for it. */
function settlement({ db, onError }: House, gate: Gate, admitted: Admission & { kind: 'now' }) {
  const { key, limits } = gate
  return (used: number, isUnmade = used === 0): void => {
    const tokens = countedTokens(used, limits) - admitted.tokens
    const unmadeAt = isUnmade ? admitted.at : undefined
    if (tokens === 0 && unmadeAt === undefined) return
    correctRate(db, key, { limits, tokens, unmadeAt }).catch(onError)
  }
}

const closing = (key: RateKey) => busy(key, 'this process ends', 1_000)

const keyOf = ({ vendor, host, account }: RateTicket['target']): RateKey => ({
  vendor: vendor.name,
  host,
  account,
})

const useOf = ({ key, running, queue, limits, pausedUntil }: Gate, now: number): AccountUse => ({
  ...key,
  running,
  waiting: queue.size,
  maxConcurrent: limits.maxConcurrent,
  pausedMs: Math.max(pausedUntil - now, 0),
})
