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

/** Nobody works on it: it has ended, or it waits for an approval. Whoever waits for a reply stops here. */
export const isResting = (state: TurnState): boolean =>
  isTerminal(state) || state === 'waiting_approval'

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

/**
 * What a message does to the turns that its room has already:
 * - `enqueue` waits behind them;
 * - `reject` is refused while there are any;
 * - `interrupt` stops the running one, which keeps what it has said;
 * - `rollback` stops the running one, and takes back what it has not shown for good;
 * - `merge` joins the sender's waiting turn, which waits for a burst of messages to end;
 * - `steer` is handed to the running turn before its next model call, else it waits behind;
 * - `latest` takes the place of all of them.
 */
export const OVERLAP_POLICIES = [
  'enqueue',
  'reject',
  'interrupt',
  'rollback',
  'merge',
  'steer',
  'latest',
] as const
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number]

export interface Overlap {
  readonly policy: OverlapPolicy
  /** Of `merge`: how long a turn waits for the sender's next message. Milliseconds. */
  readonly burstMs: number
}

/** What `turnWorkflow` is started with. It enters Temporal's history: ids and times only. */
export interface TurnInput extends HeadTurn {
  /** A setting, but part of the input: a Workflow must not read configuration. */
  readonly heartbeatTimeoutMs: number
}

/** What `deliveryWorkflow` is started with. */
export interface DeliveryInput {
  readonly roomId: string
  readonly agentId: string
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
  'model_refused',
  'prompt_too_long',
  'budget_exhausted',
  'budget_stop',
  'action_failed',
  'agent_not_found',
  'required_plugin_failed',
  'database_unavailable',
  'deadline_exceeded',
  'cancelled_by_user',
  'superseded',
  'room_busy',
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
  | {
      readonly kind: 'admitted'
      readonly foreignProviders: boolean
      /** Rounds that an earlier generation began; 1 unless it was steered. */
      readonly rounds: number
      /** Something came with the message that `attend` has to look at; absent when nothing did. */
      readonly hasAttachments?: true
    }
  /** Its deadline passed while it waited: it is settled as `timed_out`. */
  | { readonly kind: 'expired' }
  | { readonly kind: 'refused'; readonly state: TurnState }

/** What `shouldRespond` tells the Workflow; `ask` sends it to the regular step that asks a model. */
export type RespondDecision = 'respond' | 'ignore' | 'ask'

/** What `decide` tells the Workflow: names only. Thought and text stay in the journal. */
export interface Decision {
  /** Names of the actions that run as steps of their own, in order. REPLY, IGNORE and NONE belong to `settle`. */
  readonly actions: readonly string[]
  /**
   * Those among them that need the process which holds the agent's sockets: they run on its task queue.
   * Absent without any.
   */
  readonly gateway?: readonly string[]
  /** Another round is wanted behind the actions; whoever decides keeps count of them. */
  readonly more?: true
}

/** What `steer` tells the Workflow: whether there is another round, and whether `attend` is its first step. */
export type Steered = boolean | 'attend'

/** What `runAction` tells the Workflow: `needs_approval` sends it to `park`. */
export type ActionVerdict = 'done' | 'needs_approval'

/** What `park` tells the Workflow; `refused`: the turn was told to stop meanwhile. */
export type Parking =
  | { readonly kind: 'parked'; readonly hasOutbox: boolean }
  | { readonly kind: 'refused' }

/** How the Workflow asks `settle` to end the turn. */
export type Ending =
  | { readonly kind: 'decided'; readonly round: number }
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
