import { z } from 'zod'
import { uuid } from './api.ts'
import { AT_LIMIT, BUDGET_PERIODS, BUDGET_SCOPES, BUDGET_UNITS } from './budget.ts'

/** What the API is asked about an agent's spending, and what it answers. Days are UTC's. */

export const SPENDING_GROUPS = ['day', 'model', 'room', 'user'] as const
export type SpendingGroup = (typeof SPENDING_GROUPS)[number]

const DAY_MS = 86_400_000
const MAX_DAYS = 366
const DEFAULT_DAYS = 30

/** Postgres knows no year 0; and nobody asked a model before. */
const FIRST_DAY = '2000-01-01'

const day = z.iso
  .date({ error: 'must be a day of UTC, like 2026-05-31' })
  .refine((given) => given >= FIRST_DAY, { error: `must not be before ${FIRST_DAY}` })
  .optional()
  .meta({ type: 'string', format: 'date', example: '2026-05-31' })

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)

export const spendingQuery = z
  .object({
    from: day.describe(`First day. Defaults to ${DEFAULT_DAYS} days up to \`to\`.`),
    to: day.describe('Last day. Defaults to today.'),
    groupBy: z
      .enum(SPENDING_GROUPS, { error: `must be one of ${SPENDING_GROUPS.join(', ')}` })
      .default('day'),
  })
  .transform(({ from, to = dayOf(Date.now()), groupBy }) => ({
    from: from ?? dayOf(Date.parse(to) - (DEFAULT_DAYS - 1) * DAY_MS),
    to,
    groupBy,
  }))
  .refine(({ from, to }) => from <= to, { path: ['from'], error: 'must not be after `to`' })
  .refine(({ from, to }) => Date.parse(to) - Date.parse(from) < MAX_DAYS * DAY_MS, {
    path: ['from'],
    error: `must be at most ${MAX_DAYS} days before \`to\``,
  })

const calls = z.object({
  complete: z.number(),
  cut: z.number().meta({ description: 'Aborted by us; tokens are estimated.' }),
  unknown: z
    .number()
    .meta({ description: 'May not have reached the vendor; tokens are estimated.' }),
  pending: z.number(),
})

const spent = z.object({
  calls,
  inputTokens: z.number(),
  outputTokens: z.number(),
  cachedTokens: z.number().meta({ description: 'Part of inputTokens, from the vendor’s cache.' }),
  cacheWriteTokens: z.number().meta({ description: 'Part of inputTokens, written to that cache.' }),
  cost: z.number().meta({ description: 'US dollars, of the calls whose price is known.' }),
  unpricedCalls: z
    .number()
    .meta({ description: 'Ended calls whose cost is not known. They are not in `cost`.' }),
})

const group = spent.extend({
  key: z.string().nullable().meta({
    description:
      'The day, `vendor/model`, or the id of the room or user; null for calls outside of any room.',
  }),
})

const budgetStanding = z.object({
  per: z.enum(BUDGET_SCOPES),
  period: z.enum(BUDGET_PERIODS),
  unit: z.enum(BUDGET_UNITS),
  limit: z.number().meta({ description: 'US dollars, or tokens.' }),
  atLimit: z.enum(AT_LIMIT),
  resetsAt: z.number().meta({ description: 'Milliseconds since the epoch.' }),
  counts: z
    .array(z.object({ id: uuid, used: z.number() }))
    .readonly()
    .meta({
      description: 'The ten that used most, with what calls under way may use at most.',
    }),
})

export const spendingReport = z
  .object({
    agentId: uuid,
    from: z.string(),
    to: z.string(),
    groupBy: z.enum(SPENDING_GROUPS),
    totals: spent,
    groups: z.array(group).readonly().meta({
      description: 'Days in their order; else those that cost most, at most 100.',
    }),
    hasMore: z.boolean().meta({ description: 'There are more groups. They are in `totals`.' }),
    budgets: z.array(budgetStanding).readonly(),
  })
  .meta({ id: 'SpendingReport' })
