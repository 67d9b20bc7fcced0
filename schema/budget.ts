import { z } from 'zod'

/** Whose spending a budget counts. All of them within one agent. */
export const BUDGET_SCOPES = ['agent', 'world', 'room', 'user'] as const
export type BudgetScope = (typeof BUDGET_SCOPES)[number]

/** Days and months of UTC. */
export const BUDGET_PERIODS = ['day', 'month'] as const
export type BudgetPeriod = (typeof BUDGET_PERIODS)[number]

/** US dollars, or tokens of prompt and answer together. */
export const BUDGET_UNITS = ['money', 'tokens'] as const
export type BudgetUnit = (typeof BUDGET_UNITS)[number]

/**
 * What happens to a turn whose next call does not fit: `apology` says so to the person; `smaller` asks
 * the model of TEXT_SMALL if that fits, else apologises; `stop` says nothing.
 */
export const AT_LIMIT = ['apology', 'smaller', 'stop'] as const
export type AtLimit = (typeof AT_LIMIT)[number]

/** At least one of `money` and `tokens`. Those of one scope and period hold together: the tightest counts. */
export interface Budget {
  readonly per: BudgetScope
  readonly period: BudgetPeriod
  /** US dollars. */
  readonly money?: number
  readonly tokens?: number
  /** @default apology */
  readonly atLimit?: AtLimit
}

const MAX_BUDGETS = 20
const MAX_MONEY = 1e9
const MAX_TOKENS = 1e15

const EXAMPLE = '[{"per": "user", "period": "day", "money": 0.5}]'

export const BUDGETS_EXPECTED = `a list of at most ${MAX_BUDGETS} budgets, like ${EXAMPLE}`

const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, { error: `one of ${words.join(', ')}` })

const dollars = `US dollars, more than 0 and at most ${MAX_MONEY}`
const tokens = `whole tokens from 1 to ${MAX_TOKENS}`

const budget = z
  .strictObject(
    {
      per: oneOf(BUDGET_SCOPES),
      period: oneOf(BUDGET_PERIODS),
      money: z
        .number({ error: dollars })
        .positive({ error: dollars })
        .max(MAX_MONEY, { error: dollars })
        .optional(),
      tokens: z
        .int({ error: tokens })
        .min(1, { error: tokens })
        .max(MAX_TOKENS, { error: tokens })
        .optional(),
      atLimit: oneOf(AT_LIMIT).optional(),
    },
    { error: 'an object {per, period, money and/or tokens, atLimit}' },
  )
  .refine(({ money, tokens }) => money !== undefined || tokens !== undefined, {
    error: 'a budget with `money` (US dollars), `tokens` or both',
  })

/** The keys a budget may have. */
export const BUDGET_KEYS: readonly string[] = ['per', 'period', 'money', 'tokens', 'atLimit']

/** `settings.budgets` of a character, left as it was written. */
export const budgetsSetting = z
  .array(budget, { error: BUDGETS_EXPECTED })
  .max(MAX_BUDGETS, { error: BUDGETS_EXPECTED })

/** The same as JSON in one text: TURNKEEPER_BUDGETS, for every agent. */
export const budgetsText = z.string().transform((text, context): readonly Budget[] => {
  const read = budgetsSetting.safeParse(parsed(text))
  if (read.success) return read.data
  const [issue] = read.error.issues
  const where = issue && issue.path.length > 0 ? ` (at ${issue.path.join('.')})` : ''
  context.addIssue({ code: 'custom', message: `${issue?.message}${where}` })
  return z.NEVER
})

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // no list: refused as one
  }
}
