import type { Ask } from './client.ts'
import type { House } from './house.ts'
import type { Journal } from './journal.ts'
import type { Plan, Say } from './plan.ts'
import type { Scene } from './scene.ts'

/** A message, and what its sender was told. */
export interface Said {
  readonly say: Say
  /** The sender's own id of it. */
  readonly externalId: string
  /** Every turn that was ever named, by agent: more than one would be a broken promise. */
  readonly turnIds: Map<string, Set<string>>
  /** An api refused it for good. */
  refusal: number | undefined
}

/** What a stream told its reader. */
export interface Followed {
  readonly turnId: string
  /** The last event's name; undefined while there was none. */
  last: string | undefined
  /** What the reader has on the screen. */
  text: string
}

/** All that a run needs while it is under way, and what it gathers. */
export interface Stage {
  readonly plan: Plan
  readonly house: House
  readonly scene: Scene
  readonly ask: Ask
  readonly journal: Journal
  /** By the message's name, in the order in which they were first sent. */
  readonly said: Map<string, Said>
  /** Turns that somebody asked to cancel. */
  readonly cancelled: Set<string>
  /** The decisions on approvals that were taken, by the approval's id. */
  readonly answers: Map<string, string[]>
  readonly followed: Followed[]
  /** Aborted when the run is given up. */
  readonly signal: AbortSignal
}

/** The first turn that was named for each agent. */
export const turnsOf = ({ turnIds }: Said): string[] =>
  [...turnIds.values()].flatMap((ids) => [...ids].slice(0, 1))
