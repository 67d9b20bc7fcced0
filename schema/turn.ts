/** The words of a turn: its identity, its states, and what its steps tell the Workflow. */

export const TURN_STATES = [
  'queued',
  'running',
  'waiting_approval',
  'replied',
  'ignored',
  'merged',
  'superseded',
  'rejected',
  'cancelled',
  'failed',
  'timed_out',
] as const
export type TurnState = (typeof TURN_STATES)[number]

export type TerminalState = Exclude<TurnState, 'queued' | 'running' | 'waiting_approval'>

export function isTerminal(state: TurnState): state is TerminalState {
  return state !== 'queued' && state !== 'running' && state !== 'waiting_approval'
}

/** A turn and its generation. Generation 1 is the first; an operator or the sweeper opens the next. */
export interface TurnRef {
  readonly turnId: string
  readonly gen: number
}

/** A turn that waits to be started, as the queue names it. */
export interface HeadTurn extends TurnRef {
  readonly agentId: string
  readonly roomId: string
  /** Milliseconds since the epoch; set when the message was accepted, queueing included. */
  readonly deadlineAt: number
}

/** What `turnWorkflow` is started with. It enters Temporal's history: ids and times only. */
export interface TurnInput extends HeadTurn {
  /** A setting, but part of the input: a Workflow must not read configuration. */
  readonly heartbeatTimeoutMs: number
}

/**
 * Why a turn ended as it did: a closed set, because it is shown to users and enters the history.
 * The reason in words stays in Postgres (`turns.error`).
 */
export const TURN_CODES = [
  'model_unavailable',
  'model_rejected',
  'model_answer_empty',
  'model_answer_unreadable',
  'model_not_configured',
  'action_failed',
  'agent_not_found',
  'database_unavailable',
  'deadline_exceeded',
  'cancelled_by_user',
  'agent_deleted',
  'workflow_lost',
  'fenced',
  'internal',
] as const
export type TurnCode = (typeof TURN_CODES)[number]

export const isTurnCode = (code: unknown): code is TurnCode =>
  (TURN_CODES as readonly unknown[]).includes(code)

/** What `admit` tells the Workflow. */
export type Admission =
  | { readonly kind: 'admitted'; readonly foreignProviders: boolean }
  /** Its deadline passed while it waited: it is settled as `timed_out`. */
  | { readonly kind: 'expired' }
  | { readonly kind: 'refused'; readonly state: TurnState }

/** What `shouldRespond` tells the Workflow; `ask` sends it to the regular step that asks a model. */
export type RespondDecision = 'respond' | 'ignore' | 'ask'

/** What `decide` tells the Workflow: names only. Thought and text stay in the journal. */
export interface Decision {
  /** Names of the actions that run as steps of their own, in order. REPLY, IGNORE and NONE belong to `settle`. */
  readonly actions: readonly string[]
}

/** How the Workflow asks `settle` to end the turn. */
export type Ending =
  | { readonly kind: 'decided' }
  | { readonly kind: 'ignored' }
  /** The failure's type: a TurnCode, or one that only `settle` can translate. */
  | { readonly kind: 'failed'; readonly code: string }
  | { readonly kind: 'timed_out' }
  | { readonly kind: 'cancelled' }

/** What `settle` tells the Workflow about what is left to do. */
export interface Settlement {
  readonly state: TurnState
  /** There are outbox rows: `deliver` has work. */
  readonly hasOutbox: boolean
  /** Evaluators that are due, by name. */
  readonly evaluators: readonly string[]
}

/** The Workflow's result. */
export interface TurnOutcome {
  readonly state: TurnState
}
