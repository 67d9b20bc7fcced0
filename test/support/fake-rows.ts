import type { ApprovalRequest, FoundApproval } from '../../agent/approvals.ts'
import type { CallEnd, LedgerCall } from '../../agent/ledger.ts'
import type { Memory } from '../../agent/memory.ts'
import type { FinishReason } from '../../agent/models.ts'
import type { OutboxRow } from '../../agent/outbox.ts'
import type { LoadedTurn, Reply, StepWrites, StoredPrompt } from '../../agent/ports.ts'
import type { JsonObject } from '../../schema/json.ts'
import type { TurnCode, TurnRef, TurnState } from '../../schema/turn.ts'

export interface TurnRow {
  readonly loaded: LoadedTurn
  state: TurnState
  runId?: string
  code: TurnCode | null
  error: string | null
  reply: Reply | null
}

export interface StepRow {
  attempt: number
  token: string
  state: 'pending' | 'done'
  result?: JsonObject
  error?: string
}

export interface CallRow {
  readonly call: LedgerCall
  state: 'pending' | 'complete' | CallEnd['state']
  response?: string | null
  finishReason?: FinishReason
  error: string | null
  errorCode?: string | null
  /** Of the text that had arrived when the call was cut off. */
  estimatedOutputTokens?: number
}

export interface OutboxEntry extends Omit<OutboxRow, 'parts'> {
  parts: OutboxRow['parts']
  state: 'pending' | 'sending' | 'sent' | 'failed'
  error?: string
}

/** What a step wrote when it committed. */
export interface Commit extends StepWrites {
  readonly step: string
}

/** The tables of a turn, in memory. */
export interface Rows {
  readonly turns: Map<string, TurnRow>
  readonly steps: Map<string, StepRow>
  readonly calls: CallRow[]
  /** What budgets count, by scope, its id, period and unit, a blank between them. */
  readonly usage: Map<string, number>
  readonly prompts: Map<string, StoredPrompt>
  readonly memories: Memory[]
  readonly commits: Commit[]
  /** By id. */
  readonly approvals: Map<string, ApprovalRequest & FoundApproval>
  readonly outbox: OutboxEntry[]
  /** Token of the delivery that drains a room. */
  readonly leases: Map<string, string>
  /** `seq` of the last turn an evaluator saw, by evaluator; there is one room per test. */
  readonly evaluatorRuns: Map<string, number>
}

export const emptyRows = (): Rows => ({
  turns: new Map(),
  steps: new Map(),
  calls: [],
  usage: new Map(),
  prompts: new Map(),
  memories: [],
  commits: [],
  approvals: new Map(),
  outbox: [],
  leases: new Map(),
  evaluatorRuns: new Map(),
})

export const stepKey = ({ turnId, gen }: TurnRef, step: string) => `${turnId}:${gen}:${step}`

/** The row of a generation; undefined when the turn is gone or another generation runs. */
export function rowOf({ turns }: Rows, { turnId, gen }: TurnRef): TurnRow | undefined {
  const row = turns.get(turnId)
  return row?.loaded.gen === gen ? row : undefined
}

export const isActive = ({ state }: TurnRow) => state === 'queued' || state === 'running'
