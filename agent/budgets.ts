import {
  type AtLimit,
  BUDGET_UNITS,
  type Budget,
  type BudgetPeriod,
  type BudgetScope,
  type BudgetUnit,
  budgetsSetting,
} from '../schema/budget.ts'

/** What one count may come to. */
export interface BudgetLimit {
  readonly scope: BudgetScope
  readonly period: BudgetPeriod
  /** US dollars, or tokens. */
  readonly unit: BudgetUnit
  readonly limit: number
  readonly atLimit: AtLimit
}

/** One of the counts that a call counts on. */
export interface BudgetLine extends BudgetLimit {
  /** Of the agent, world, room or person. */
  readonly scopeId: string
  /** What the call may use at most, in `unit`. */
  readonly amount: number
}

/** Everything a call may use, against everything of its agent that it counts against. */
export interface BudgetCharge {
  /** No two of one scope, period and unit. Never empty. */
  readonly lines: readonly BudgetLine[]
}

/** Of several that do not fit the one that wants most: `stop`, then `apology`, then `smaller`. */
export interface ExhaustedBudget extends BudgetLine {
  /** With what calls under way may use at most. */
  readonly used: number
}

/**
 * Everything that holds for an agent: its own `settings.budgets` and the operator's, side by side.
 * @throws {TypeError} the stored setting cannot be read: no call is made that nothing limits.
 */
export function budgetsOf(
  settings: Readonly<Record<string, unknown>>,
  operators: readonly Budget[],
): readonly Budget[] {
  const given = settings.budgets
  if (given === undefined || given === null) return operators
  const own = budgetsSetting.safeParse(given)
  if (own.success) return [...operators, ...own.data]
  throw new TypeError(
    'The budgets of the agent cannot be read. Write `settings.budgets` anew; docs/budgets.md shows how.',
    { cause: own.error },
  )
}

/** The limits of budgets, one per scope, period and unit: the lowest, with what that wants to happen. */
export function limitsOf(budgets: readonly Budget[]): readonly BudgetLimit[] {
  const kept = new Map<string, BudgetLimit>()
  for (const limit of budgets.flatMap(limitsIn)) {
    const key = `${limit.scope} ${limit.period} ${limit.unit}`
    const other = kept.get(key)
    if (!other || isTighter(limit, other)) kept.set(key, limit)
  }
  return [...kept.values()]
}

function limitsIn({ per: scope, period, atLimit = 'apology', ...amounts }: Budget): BudgetLimit[] {
  return BUDGET_UNITS.flatMap((unit) => {
    const limit = amounts[unit]
    return limit === undefined ? [] : [{ scope, period, unit, limit, atLimit }]
  })
}

const STRICTNESS: Readonly<Record<AtLimit, number>> = { smaller: 0, apology: 1, stop: 2 }

const isTighter = (limit: BudgetLimit, other: BudgetLimit) =>
  limit.limit === other.limit
    ? STRICTNESS[limit.atLimit] > STRICTNESS[other.atLimit]
    : limit.limit < other.limit
