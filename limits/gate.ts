import type { VendorLimits } from '../agent/models.ts'
import type { Leave, RateTicket } from '../agent/rates.ts'
import { createFairQueue, type FairQueue } from './fair-queue.ts'
import type { RateKey } from './rate-rows.ts'

/** Somebody who wants to call an account. */
export interface Waiter {
  readonly ticket: RateTicket
  /** Each ends the waiting; only the first counts. */
  enter(leave: Leave): void
  refuse(error: unknown): void
}

/** An account as one process uses it. */
export interface Gate {
  readonly key: RateKey
  readonly queue: FairQueue<Waiter>
  /** Of the last ticket: settings may change. */
  limits: VendorLimits
  running: number
  /** Somebody lets waiters in; there is never a second one. */
  isPumping: boolean
  /** By the process's own clock; 0: not. */
  pausedUntil: number
  /** When the next request may begin, where the database cannot be asked. */
  freeAt: number
}

/** What nobody waits for and nobody uses is forgotten. */
export interface Gates {
  of(key: RateKey): Gate
  all(): readonly Gate[]
  forget(gate: Gate): void
}

export function createGates(now: () => number): Gates {
  const gates = new Map<string, Gate>()
  const nameOf = ({ vendor, host, account }: RateKey) => JSON.stringify([vendor, host, account])
  return {
    of({ vendor, host, account }) {
      const key = { vendor, host, account }
      const known = gates.get(nameOf(key))
      if (known) return known
      const queue = createFairQueue<Waiter>()
      const counts = { running: 0, isPumping: false, pausedUntil: 0, freeAt: 0 }
      const gate: Gate = { key, queue, limits: { maxConcurrent: 1 }, ...counts }
      gates.set(nameOf(key), gate)
      return gate
    },
    all: () => [...gates.values()],
    forget(gate) {
      const { queue, running, isPumping, pausedUntil, freeAt } = gate
      const isFree = Math.max(pausedUntil, freeAt) <= now()
      const isUsed = queue.size > 0 || running > 0 || isPumping || !isFree
      if (!isUsed) gates.delete(nameOf(gate.key))
    },
  }
}
