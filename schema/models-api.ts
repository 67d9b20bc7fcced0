import { z } from 'zod'

/** What the API answers about models: who is asked, and what keeps calls from them. */

const time = z.number().meta({ description: 'Milliseconds since the epoch.' })
const vendor = z.string().meta({ description: '`openai`, `anthropic`, …' })
const host = z.string().meta({ description: 'Where it is reached; empty for what is built in.' })
const account = z.string().meta({ description: 'A fingerprint of the key that pays.' })

export const breakerView = z
  .object({
    vendor,
    host,
    model: z.string(),
    state: z.enum(['closed', 'half-open', 'open']),
    since: time.meta({ description: 'Since when it is open, or closed again.' }),
    retryAt: time
      .nullable()
      .meta({ description: 'When one call may find out whether it is back.' }),
    openings: z.number().meta({ description: 'In a row: each makes the next one longer.' }),
    errorCode: z.string().nullable().meta({ description: 'Of the last failure.' }),
  })
  .meta({ id: 'ModelBreaker' })

export const rateView = z
  .object({
    vendor,
    host,
    account,
    requestsPerMinute: z.number().nullable(),
    tokensPerMinute: z.number().nullable(),
    requests: z.number().meta({ description: 'Let through since the full minute.' }),
    tokens: z.number(),
    pausedUntil: time.nullable().meta({ description: 'The vendor asked for it.' }),
  })
  .meta({ id: 'ModelRate' })

export const accountUseView = z
  .object({
    vendor,
    host,
    account,
    running: z.number(),
    waiting: z.number(),
    maxConcurrent: z.number(),
  })
  .meta({ id: 'ModelAccountUse' })

export const modelsOverview = z
  .object({
    vendor: vendor.meta({ description: 'Answers where an agent names none.' }),
    model: z.string(),
    isBuiltIn: z.boolean(),
    fallbacks: z.array(z.string()).readonly().meta({ description: 'In order, as `vendor/model`.' }),
    problem: z.string().optional().meta({
      description: 'Why none can be asked; `vendor` and `model` are then empty.',
    }),
    breakers: z.array(breakerView).readonly().meta({
      description: 'Those that opened within the last day, open ones first; all others are closed.',
    }),
    rates: z.array(rateView).readonly().meta({
      description: 'Accounts with a limit per minute or a pause, over all processes.',
    }),
    here: z.array(accountUseView).readonly().meta({
      description: 'Accounts that the process which answers this is using just now.',
    }),
  })
  .meta({ id: 'Models' })
