import type { Leave, RateTicket } from '../agent/rates.ts'
import { MAX_WAIT_MS } from './admission.ts'
import { busy } from './busy.ts'
import type { Gate, Gates, Waiter } from './gate.ts'
import { requestPace } from './pace.ts'

/** How long whoever finds no place stays away, unless its pace says more: about what a call takes. */
const FULL_WAIT_MS = 2_000

/** Of no agent and no room. */
const STRANGER = { agentId: '', roomId: '' }

export interface Waiting {
  resolve(leave: Leave): void
  reject(error: unknown): void
  /** Milliseconds after which it is refused, whatever it waits for. */
  readonly maxWaitMs: number
}

/**
 * Puts a ticket in line. It leaves the line by being let in, by being refused, by its signal, or when its
 * time is up: a vendor that hangs must not keep anybody from another one that is free.
 */
export function join(
  gate: Gate,
  ticket: RateTicket,
  { resolve, reject, maxWaitMs }: Waiting,
): Waiter {
  const { signal } = ticket
  const abort = () => {
    gate.queue.remove(ticket, waiter)
    done()
    reject(signal.reason)
  }
  const giveUp = () => {
    gate.queue.remove(ticket, waiter)
    waiter.refuse(late(gate, maxWaitMs))
  }
  const done = () => {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
  const waiter: Waiter = {
    ticket,
    enter: (leave) => {
      done()
      resolve(leave)
    },
    refuse: (error) => {
      done()
      reject(error)
    },
  }
  const timer = setTimeout(giveUp, maxWaitMs)
  signal.addEventListener('abort', abort, { once: true })
  gate.queue.add(ticket, waiter)
  return waiter
}

/** Where too many wait: at this gate, or, when it is too many in all, where most do. */
export function crowdedGate(
  gates: Gates,
  gate: Gate,
  { maxWaiting, maxWaitingInAll }: { maxWaiting: number; maxWaitingInAll: number },
): Gate | undefined {
  if (gate.queue.size > maxWaiting) return gate
  const all = gates.all()
  const waiting = all.reduce((sum, { queue }) => sum + queue.size, 0)
  if (waiting <= maxWaitingInAll) return undefined
  return all.reduce((most, one) => (one.queue.size > most.queue.size ? one : most), gate)
}

/**
 * One of those who wait is sent away: the last of a line that is longer than the newcomer's, else the
 * newcomer. One that was let in at once crowds nobody.
 */
export function makeRoom(crowded: Gate, gate: Gate, newcomer: Waiter): void {
  if (!gate.queue.remove(newcomer.ticket, newcomer)) return
  const place = crowded === gate ? newcomer.ticket : STRANGER
  const displaced = crowded.queue.displaceFor(place)
  if (displaced) gate.queue.add(newcomer.ticket, newcomer)
  const refused = displaced ?? newcomer
  refused.refuse(full(displaced ? crowded : gate))
}

const full = (gate: Gate): Error => stayAway(gate, `${gate.queue.size} calls wait for it already`)

function late(gate: Gate, waitedMs: number): Error {
  const { running, limits } = gate
  const slots = `${running} of ${limits.maxConcurrent} slots are taken`
  return stayAway(gate, `its turn did not come within ${waitedMs / 1_000} s, ${slots}`)
}

function stayAway({ key, limits, queue }: Gate, why: string): Error {
  const waitMs = Math.max(requestPace(limits).everyMs * queue.size, FULL_WAIT_MS)
  return busy(key, why, Math.min(waitMs, MAX_WAIT_MS))
}
