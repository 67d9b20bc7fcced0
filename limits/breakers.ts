import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Breakers, BreakerTarget, BreakerVerdict } from '../agent/breakers.ts'
import type { Database } from '../schema/database.ts'
import * as rows from './breaker-rows.ts'
import { type Circuit, createCircuit, type TripRule } from './circuit.ts'
import { createSharedCircuits, type SharedCircuits } from './shared-circuits.ts'

export interface BreakersOptions {
  readonly db: Kysely<Database>
  /** A statement failed: this process goes on by what it knows itself. @default nobody is told */
  readonly onError?: (error: unknown) => void
  /** Milliseconds of a clock that never goes back. @default performance.now */
  readonly now?: () => number
  /**
   * Age in milliseconds, while calls are made, of what other processes found out. @default 1,000
   */
  readonly refreshMs?: number
  /** Milliseconds after which another process may make a probe that has not ended. @default 60,000 */
  readonly probeLeaseMs?: number
  /** @default BACKOFF_MS */
  readonly backoff?: rows.Backoff
  /** @default TRIP_RULE */
  readonly rule?: TripRule
}

export interface SharedBreakers extends Breakers {
  /** Reads nothing in the background any more. */
  close(): Promise<void>
}

/** 15 s is what a vendor's hiccup takes; nobody waits more than 5 min for one that is back. */
export const BACKOFF_MS: rows.Backoff = [15_000, 30_000, 60_000, 120_000, 300_000]

export const TRIP_RULE: TripRule = {
  failuresInARow: 5,
  failedShare: 0.5,
  windowMs: 30_000,
  leastCalls: 10,
}

/** A probe has usually ended by then; until it has, whoever asks is told to come back. */
const PROBE_WAIT_MS = 2_000
const LEAST_WAIT_MS = 250

interface House {
  readonly db: Kysely<Database>
  readonly circuits: SharedCircuits
  readonly leaseMs: number
  readonly backoff: rows.Backoff
}

/**
 * Breakers whose openings all processes share through `model_breakers`. Each process counts its own
 * calls; there is a statement when a breaker opens, when its probe is claimed and when that has ended,
 * and one per `refreshMs` in the background while calls are made. Without Postgres each process decides
 * for itself. Nothing throws.
 */
export function createBreakers(options: BreakersOptions): SharedBreakers {
  const { db, refreshMs = 1_000, probeLeaseMs: leaseMs = 60_000, backoff = BACKOFF_MS } = options
  const { now = () => performance.now(), rule = TRIP_RULE, onError = () => undefined } = options
  const create = (key: rows.BreakerKey) => createCircuit(key, rule, now)
  const circuits = createSharedCircuits({ db, refreshMs, create, onError })
  const house: House = { db, circuits, leaseMs, backoff }
  return {
    async admit(target) {
      const circuit = circuits.of(keyOf(target))
      circuits.refresher.touch()
      if (!circuit.isOpen) return { kind: 'closed' }
      const { openMs, probeMs } = circuit.left()
      const isWaiting = openMs > 0 || probeMs > 0 || circuit.isClaiming
      return isWaiting ? waitFor(circuit) : claimProbe(house, circuit)
    },
    async report(target, outcome, { verdict, errorCode = null } = {}) {
      const circuit = circuits.of(keyOf(target))
      if (circuit.isOpen) {
        if (isCurrentProbe(circuit, verdict)) await endProbe[outcome](house, circuit, errorCode)
        return
      }
      if (outcome === 'success') circuit.success()
      if (outcome !== 'failure') return
      if (circuit.failure()) return open(house, circuit, errorCode)
      // After a pause this process may not have heard of what others found out.
      circuits.refresher.soon()
    },
    close: () => circuits.refresher.close(),
  }
}

async function open({ db, circuits, backoff }: House, circuit: Circuit, errorCode: string | null) {
  circuit.open(backoff)
  await circuits.write(circuit, async () => {
    await rows.openBreaker(db, circuit.key, { backoff, errorCode })
    await rows.forgetOldBreakers(db)
  })
}

async function claimProbe(house: House, circuit: Circuit): Promise<BreakerVerdict> {
  const { db, circuits, leaseMs } = house
  const token = randomUUID()
  let isMine = true // also when it cannot be written: then nobody else can be asked
  circuit.isClaiming = true
  await circuits.write(circuit, async () => {
    isMine = await rows.claimProbe(db, circuit.key, { token, leaseMs })
  })
  if (isMine) circuit.beginProbe(token, leaseMs)
  else await circuits.refresher.run()
  circuit.isClaiming = false
  if (isMine) return { kind: 'probe', token }
  return circuit.isOpen ? waitFor(circuit) : { kind: 'closed' }
}

type EndProbe = (house: House, circuit: Circuit, errorCode: string | null) => Promise<unknown>

const endProbe: Record<'success' | 'failure' | 'neutral', EndProbe> = {
  success({ db, circuits }, circuit) {
    circuit.close()
    return circuits.write(circuit, () => rows.closeBreaker(db, circuit.key))
  },
  failure({ db, circuits, backoff }, circuit, errorCode) {
    const { key, probeToken: token = '' } = circuit
    circuit.open(backoff)
    const ending = { token, backoff, errorCode }
    return circuits.write(circuit, () => rows.reopenBreaker(db, key, ending))
  },
  neutral({ db, circuits }, circuit) {
    const { key, probeToken: token = '' } = circuit
    circuit.freeProbe()
    return circuits.write(circuit, () => rows.freeProbe(db, key, token))
  },
}

/** A probe that outlived its lease has lost its say to the one that was made in its place. */
function isCurrentProbe({ probeToken }: Circuit, verdict: BreakerVerdict | undefined): boolean {
  if (probeToken === undefined) return false
  if (verdict === undefined) return true
  return verdict.kind === 'probe' && (verdict.token ?? probeToken) === probeToken
}

function waitFor(circuit: Circuit): BreakerVerdict {
  const { openMs, probeMs } = circuit.left()
  const probeWaitMs = Math.min(Math.max(probeMs, LEAST_WAIT_MS), PROBE_WAIT_MS)
  return { kind: 'open', retryAfterMs: Math.ceil(openMs > 0 ? openMs : probeWaitMs) }
}

const keyOf = ({ vendor, host, model }: BreakerTarget): rows.BreakerKey => ({
  vendor: vendor.name,
  host,
  model,
})
