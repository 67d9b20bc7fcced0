import type { WrittenBy } from '../said-message.ts'

/** Who makes a change, and when. */
export interface Writer {
  readonly agentId: string
  readonly by?: WrittenBy
  /** Which of the transaction's writes it is: those of one transaction have their order by it. */
  readonly ordinal: number
}
