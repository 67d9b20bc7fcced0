import type { PendingApproval } from '../agent/approvals.ts'
import type { JsonObject } from '../schema/json.ts'
import type { TurnCode, TurnState } from '../schema/turn.ts'

/** How a turn stands, with the reply if there is one. */
export interface TurnResult {
  readonly turnId: string
  readonly agentId: string
  readonly state: TurnState
  readonly code: TurnCode | null
  /** The id of the reply; known before it is written, so that chunks can carry it. */
  readonly replyId: string
  /** ElizaOS's Content of the reply or the apology; null when the agent said nothing (yet). */
  readonly reply: JsonObject | null
  /** What a parked turn waits for. */
  readonly approval?: PendingApproval | null
  /** The turn that answers for a `merged` one, or took the place of a `superseded` one. */
  readonly answeredBy: string | null
}

export type PartialText = 'keep' | 'retract'

export interface CancelledTurn extends TurnResult {
  /** Of a turn that had ended: how many of its messages to a chat platform were stopped, or not. */
  readonly delivery?: {
    readonly retracted: number
    readonly sending: number
    readonly sent: number
  }
}

export interface TurnStepTrace {
  readonly step: string
  readonly gen: number
  readonly attempt: number
  readonly state: 'pending' | 'done'
  readonly startedAt: number
  readonly finishedAt: number | null
  readonly result: JsonObject | null
  readonly error: string | null
}

export interface ModelCallTrace {
  readonly step: string
  readonly gen: number
  readonly call: number
  readonly attempt: number
  readonly try: number
  readonly vendor: string
  readonly model: string
  readonly purpose: string
  readonly state: 'pending' | 'complete' | 'cut' | 'unknown'
  readonly inputTokens: number | null
  readonly outputTokens: number | null
  readonly cachedTokens: number | null
  readonly cacheWriteTokens: number | null
  readonly cost: number | null
  readonly firstTokenMs: number | null
  readonly latencyMs: number | null
  readonly finishReason: string | null
  readonly error: string | null
  readonly errorCode: string | null
}

export interface TurnTrace extends TurnResult {
  readonly gen: number
  readonly roomId: string
  readonly channelId: string
  readonly messageId: string
  readonly seq: number
  readonly policy: string
  /** The reason of a bad ending, in words. */
  readonly error: string | null
  readonly acceptedAt: number
  readonly startedAt: number | null
  readonly settledAt: number | null
  readonly deadlineAt: number
  readonly cancelRequestedAt: number | null
  /** Of a fork: the turn that it runs again. */
  readonly forkOf?: string
  readonly steps: readonly TurnStepTrace[]
  readonly prompts: readonly {
    readonly step: string
    readonly gen: number
    readonly prompt: string
    readonly state: JsonObject
  }[]
  readonly modelCalls: readonly ModelCallTrace[]
  /** US dollars of all calls; null as soon as one price is unknown. */
  readonly cost: number | null
  readonly workflowId: string
  /** Of the turn in Temporal's Web UI; null when no UI is known. */
  readonly temporalUrl: string | null
}

export interface TurnSummary {
  readonly turnId: string
  readonly roomId: string
  readonly channelId: string
  readonly state: TurnState
  readonly code: TurnCode | null
  readonly acceptedAt: number
  readonly settledAt: number | null
}

export interface TurnsPort {
  /** @throws {NotFoundError} */
  trace(id: string): Promise<TurnTrace>
  /** Newest first. @throws {NotFoundError} the agent. */
  list(
    agentId: string,
    page: { limit: number; before?: number; state?: TurnState; withForks?: boolean },
  ): Promise<readonly TurnSummary[]>
  /**
   * Idempotent: a turn that has ended stays as it is; what its outbox has not sent is taken back.
   * `keep`: what a running turn has said so far stays as its reply. @throws {NotFoundError}
   */
  cancel(id: string, partial: PartialText): Promise<CancelledTurn>
  /** @throws {NotFoundError} */
  result(id: string): Promise<TurnResult>
  /** The turn's Temporal history as proto3 JSON. @throws {NotFoundError} @throws {UnavailableError} */
  history(id: string): Promise<JsonObject>
}
