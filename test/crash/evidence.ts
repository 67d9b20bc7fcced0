import type { Dedup } from '../../agent/connector.ts'

/** What a run left behind: all that can be seen from outside, and the rows of Postgres. */
export interface Evidence {
  /** Every message that the platform delivered, in the order in which it first did. */
  readonly inbound: readonly Delivered[]
  /** What a person on the platform sees, oldest first. */
  readonly visible: readonly Shown[]
  readonly dedup: Dedup
  /** What the actions did to the outside world. */
  readonly effects: readonly Effect[]
  /** The vendor's side of every model call. */
  readonly bill: readonly BilledCall[]
  readonly rows: Rows
  /** The agent is the one with plugins. @default false */
  readonly hasPlugins?: boolean
  /** Every text in the histories of the turns' Workflows, decoded. */
  readonly histories: readonly HistoryTexts[]
  /** Texts that belong to people, and may be in no history. */
  readonly canaries: readonly string[]
  /** How all of it stood before a paused process was woken. */
  readonly beforeWake?: Pick<Evidence, 'visible' | 'effects' | 'rows'>
}

export interface Delivered {
  readonly externalId: string
  /** The turns that the platform was told of; empty while nobody said that the message is safe. */
  readonly turnIds: readonly string[]
}

export interface Shown {
  /** The outbox row; long messages are shown in parts, which count from 0. */
  readonly rowId: string
  readonly part: number
  readonly channelId: string
  readonly text: string
}

/** What stands on a `reserve` platform until the words are edited into it. */
const PLACEHOLDER = '…'

/**
 * What says something. A placeholder whose id was lost stays empty: that is documented, and is no
 * second message.
 */
export const wordsShown = ({ visible, dedup }: Pick<Evidence, 'visible' | 'dedup'>) =>
  dedup === 'reserve' ? visible.filter(({ text }) => text !== PLACEHOLDER) : visible

export interface Effect {
  readonly kind: 'once' | 'idempotent'
  readonly turnId: string
  /** The action's idempotency key. An outside service repeats nothing for a key it knows. */
  readonly key: string
  /** Calls under that key that reached the service. */
  readonly calls: number
}

export interface BilledCall {
  readonly turnId: string
  readonly step: string
  readonly state: 'open' | 'answered' | 'aborted' | 'broken'
}

export interface HistoryTexts {
  readonly turnId: string
  readonly texts: readonly string[]
}

/** Times are milliseconds since the epoch. */
export interface Rows {
  readonly turns: readonly TurnEvidence[]
  readonly steps: readonly StepEvidence[]
  readonly modelCalls: readonly CallEvidence[]
  readonly outbox: readonly OutboxEvidence[]
  readonly memories: readonly MemoryEvidence[]
  readonly messages: readonly MessageEvidence[]
  /** What plugins wrote besides memories. */
  readonly records: readonly RecordEvidence[]
  /** Of tasks that plugins made. */
  readonly taskRuns: readonly TaskRunEvidence[]
}

interface Digested {
  /** Of the whole row: shows a late write that changed something else. */
  readonly digest?: string
}

export interface TurnEvidence extends Digested {
  readonly id: string
  readonly gen: number
  readonly agentId: string
  readonly roomId: string
  readonly messageId: string
  readonly seq: number
  readonly state: string
  readonly replyMemoryId: string | null
  readonly startedAt: number | null
  readonly settledAt: number | null
  readonly deadlineAt: number
}

export interface StepEvidence extends Digested {
  readonly turnId: string
  readonly gen: number
  readonly step: string
  readonly state: 'pending' | 'done'
  /** Whether nobody may finish it any more. */
  readonly isVoid: boolean
  /** Of an action: what its result says. Null for other steps. */
  readonly success: boolean | null
  /** Of an action that was cut off and is not repeated. */
  readonly isUnknown?: boolean
}

export interface CallEvidence {
  readonly turnId: string
  readonly gen: number
  readonly step: string
  readonly call: number
  readonly attempt: number
  readonly try: number
  readonly state: 'pending' | 'complete' | 'cut' | 'unknown'
}

export interface OutboxEvidence extends Digested {
  readonly id: string
  readonly turnId: string
  readonly seq: number
  readonly state: string
}

export interface MemoryEvidence extends Digested {
  readonly id: string
  readonly type: string
  readonly turnId: string | null
  readonly step: string | null
}

export interface RecordEvidence extends Digested {
  readonly kind: 'component' | 'cache'
  readonly id: string
  readonly type: string
  readonly turnId: string
}

export interface TaskRunEvidence extends Digested {
  readonly taskId: string
  readonly state: string
}

export interface MessageEvidence extends Digested {
  readonly id: string
  readonly externalId: string | null
  /** Null for what people said. */
  readonly turnId: string | null
  readonly text: string
}
