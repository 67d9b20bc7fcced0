import type { ResolvedModel } from './models.ts'

export interface RateTicket {
  readonly target: Pick<ResolvedModel, 'host' | 'account' | 'limits'> & {
    readonly vendor: { readonly name: string }
  }
  readonly agentId: string
  readonly roomId: string
  /** Of prompt and expected answer. */
  readonly tokens: number
  readonly signal: AbortSignal
}

/**
 * To be called once, whatever became of the call. `tokens`: what it really used, where that is known; else
 * all that was asked for counts. 0: it was not made, and takes neither tokens nor a request.
 */
export type Leave = (tokens?: number) => void

/**
 * Requests and tokens per minute per account, over all processes, and calls at the same time per
 * process. Whoever does not fit waits: agents take turns, and rooms within an agent.
 */
export interface RateLimits {
  /**
   * @throws {ModelError} `model_unavailable`, retryable, with a time to wait: the queue is full, or no turn
   * came within half a minute. The next model of the chain may be free, and the step is better off
   * waiting in Temporal.
   * @throws the signal's reason.
   */
  enter(ticket: RateTicket): Promise<Leave>
  /** A vendor asked everybody to wait. */
  pause(target: RateTicket['target'], ms: number): void
}
