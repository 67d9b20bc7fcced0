import type { z } from '@hono/zod-openapi'
import type { SpendingGroup, spendingReport } from '../schema/spending-api.ts'

export type SpendingReport = z.output<typeof spendingReport>

export interface SpendingRange {
  /** First and last day of UTC, `2026-05-31`. */
  readonly from: string
  readonly to: string
  readonly groupBy: SpendingGroup
}

export interface SpendingPort {
  /** What an agent's model calls used, and how its budgets stand now. @throws {NotFoundError} */
  report(agentId: string, range: SpendingRange): Promise<SpendingReport>
}
