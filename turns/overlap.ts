import type { Overlap, TurnRef } from '../schema/turn.ts'

/** A turn of the room that has not ended, as it stands under the room's lock. */
export interface ActiveTurn extends TurnRef {
  readonly state: 'queued' | 'running'
  readonly entityId: string
  /** It was told to stop, and has not ended yet. */
  readonly isStopping: boolean
}

/** Where a message finds its place. Which turns it changes is said beside it. */
export interface OverlapPlan {
  readonly state: 'queued' | 'rejected' | 'merged'
  /** The turn that answers for a merged message. */
  readonly target?: ActiveTurn
  /** Nobody is before it. */
  readonly isHead: boolean
  /** How long the turn that answers waits for more, in milliseconds. */
  readonly delayMs: number
  /** Waiting turns whose place it takes. */
  readonly superseded: readonly ActiveTurn[]
  /** The running turn, when it must stop. */
  readonly stopped?: ActiveTurn
  /** The stopped turn keeps what it has said. */
  readonly keeps: boolean
  /** The running turn, when it may take the message up: it is the same person's. */
  readonly steered?: ActiveTurn
}

/** Decides by the policy. Needs the room's lock, and its unfinished turns in their order. */
export function planOverlap(
  { policy, burstMs }: Overlap,
  entityId: string,
  active: readonly ActiveTurn[],
): OverlapPlan {
  const running = active.find((turn) => turn.state === 'running' && !turn.isStopping)
  const place = { ...QUEUED, isHead: active.length === 0 }
  switch (policy) {
    case 'enqueue':
      return place
    case 'reject':
      return active.length > 0 ? { ...QUEUED, state: 'rejected' } : place
    case 'interrupt':
      return { ...place, stopped: running, keeps: true }
    case 'rollback':
      return { ...place, stopped: running }
    case 'latest': {
      const superseded = active.filter((turn) => turn.state === 'queued')
      return { ...place, superseded, stopped: running, isHead: superseded.length === active.length }
    }
    case 'steer': // nobody speaks in another person's turn: what it may do is decided by who asked
      return { ...place, steered: running?.entityId === entityId ? running : undefined }
    case 'merge':
      return merged(entityId, active, burstMs) ?? { ...place, delayMs: place.isHead ? burstMs : 0 }
  }
}

const QUEUED: OverlapPlan = {
  state: 'queued',
  isHead: false,
  delayMs: 0,
  superseded: [],
  keeps: false,
}

/** A turn of a later generation has begun already: what it was asked stands. */
function merged(
  entityId: string,
  active: readonly ActiveTurn[],
  delayMs: number,
): OverlapPlan | undefined {
  const target = active.findLast(
    (turn) => turn.state === 'queued' && turn.gen === 1 && turn.entityId === entityId,
  )
  return target && { ...QUEUED, state: 'merged', target, delayMs }
}
