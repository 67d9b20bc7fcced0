import type { ColumnType, Generated } from 'kysely'
import type { BudgetPeriod, BudgetScope, BudgetUnit } from './budget.ts'

/** The ledger: one row per call to a vendor. */
export interface ModelCallsTable {
  id: string
  agent_id: string
  /** Null for a call outside of any turn, such as speech that the API asks for. */
  turn_id: string | null
  gen: number
  step: string
  /** Ordinal of the question within the step, from 1. */
  call: number
  attempt: number
  /** Ordinal of the vendor call for that question within the attempt, from 1. */
  try: Generated<number>
  vendor: string
  model: string
  purpose: string
  /** `unknown`: may not have reached the vendor, or came back without usage; `cut`: aborted. */
  state: 'pending' | 'complete' | 'cut' | 'unknown'
  response: string | null
  input_tokens: number | null
  output_tokens: number | null
  /** Part of `input_tokens` that came from the vendor's cache. */
  cached_tokens: number | null
  /** Part of `input_tokens` that the vendor wrote to its cache. */
  cache_write_tokens: number | null
  /** US dollars; null when the model's price is unknown. */
  cost: ColumnType<string | null, number | string | null | undefined, number | string | null>
  first_token_ms: number | null
  latency_ms: number | null
  finish_reason: string | null
  error: string | null
  /** A ModelError's. */
  error_code: string | null
  /** What budgets hold for this call; null when none counts it. */
  charges: ColumnType<readonly HeldCharge[] | null, string | null | undefined, string | null>
  created_at: ColumnType<Date, Date | undefined, never>
  finished_at: Date | null
}

/** One line of `charges`: where it was reserved, and what of it stands. */
export interface HeldCharge {
  readonly scope: BudgetScope
  readonly scope_id: string
  readonly period: BudgetPeriod
  /** First day of the period, `2026-05-01`. */
  readonly starts: string
  readonly unit: BudgetUnit
  readonly held: number
}

/** What the calls of a period have used of a budget, and what those under way may use at most. */
export interface BudgetUsageTable {
  /** Always empty: the place of a tenant in the key. */
  tenant: Generated<string>
  agent_id: string
  scope: BudgetScope
  scope_id: string
  period: BudgetPeriod
  starts: string
  unit: BudgetUnit
  /** US dollars, or tokens. */
  used: ColumnType<string, number | string, number | string>
}
