import type { ForkStep } from '../schema/fork.ts'
import type { JsonObject } from '../schema/json.ts'
import type { TurnCode, TurnState } from '../schema/turn.ts'

export interface NewFork {
  /** @default the first step: nothing is taken over */
  readonly from?: ForkStep
  /** Answers instead of the agent's own models. */
  readonly model?: string
  /** An ElizaOS character that stands in for the agent's. */
  readonly character?: JsonObject
}

/** A turn that runs again in a shadow room. */
export interface Fork {
  /** Of the fork's own turn. */
  readonly forkId: string
  readonly forkOf: string
  readonly from: string
  readonly model: string | null
  /** Name of the character that stands in; null when it is the agent's own. */
  readonly character: string | null
  readonly state: TurnState
}

export interface StartedFork extends Fork {
  readonly channelId: string
  readonly deadlineAt: number
}

export interface ForkSummary extends Fork {
  readonly code: TurnCode | null
  readonly acceptedAt: number
  readonly settledAt: number | null
}

/** What a turn did and cost, the original or the fork. */
export interface ComparedTurn {
  readonly turnId: string
  readonly gen: number
  readonly state: TurnState
  readonly code: TurnCode | null
  readonly error: string | null
  readonly models: readonly string[]
  readonly calls: number
  readonly inputTokens: number
  readonly outputTokens: number
  /** US dollars; null as soon as one price is unknown. */
  readonly cost: number | null
  /** Of the model calls, added up. */
  readonly modelMs: number
  /** From admit to the outcome; null when it did not get that far. */
  readonly latencyMs: number | null
}

export interface ComparedAction {
  readonly action: string
  readonly parameters: JsonObject
  /** Null: it did not end. */
  readonly success: boolean | null
  readonly dryRun: boolean
  readonly wouldAsk: boolean
  readonly said: readonly string[]
  readonly error: string | null
}

export interface TurnDiff extends Fork {
  readonly before: ComparedTurn
  readonly after: ComparedTurn
  /** Of `decide`, as lines of a unified diff; none when they are the same. */
  readonly prompt: readonly string[]
  readonly actions: {
    readonly before: readonly ComparedAction[]
    readonly after: readonly ComparedAction[]
    readonly added: readonly string[]
    readonly removed: readonly string[]
    /** Chosen by both, with other parameters. */
    readonly changed: readonly {
      readonly action: string
      readonly before: JsonObject
      readonly after: JsonObject
    }[]
  }
  readonly text: {
    readonly before: string | null
    readonly after: string | null
    readonly diff: readonly string[]
  }
}

export interface ForksPort {
  /**
   * Queues an ended turn again, in a shadow room. @throws {NotFoundError}
   * @throws {ConflictError} it runs, is a fork, never got to `from`, or too many forks are under way
   * @throws {InvalidRequestError} it has no such step. @throws {CharacterError}
   */
  create(turnId: string, fork: NewFork): Promise<StartedFork>
  /** Newest first. @throws {NotFoundError} the turn. */
  list(turnId: string): Promise<readonly ForkSummary[]>
  /** The turn that it runs again. @throws {NotFoundError} @throws {ConflictError} the turn is no fork. */
  originalOf(forkId: string): Promise<string>
  /** As far as the fork got. @throws {NotFoundError} @throws {ConflictError} the turn is no fork. */
  diff(forkId: string): Promise<TurnDiff>
}
