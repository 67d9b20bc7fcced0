import { z } from 'zod'
import { jsonObject, turnsQuery, uuid } from './api.ts'
import { turnTrace } from './api-answers.ts'
import { pageCursor } from './page-cursor.ts'
import { TURN_CODES, TURN_STATES } from './turn.ts'

/** What the API is asked about turns that ended badly, and what it answers. */

export const DEAD_LETTER_STATES = ['open', 'retried', 'skipped'] as const

export const deadLettersQuery = z.object({
  limit: turnsQuery.shape.limit,
  before: pageCursor.optional(),
  agentId: uuid.optional(),
  state: z
    .enum([...DEAD_LETTER_STATES, 'all'], {
      error: `must be one of ${DEAD_LETTER_STATES.join(', ')}, all`,
    })
    .optional()
    .transform((state = 'open') => (state === 'all' ? undefined : state))
    .meta({ type: 'string', default: 'open' }),
})

const by = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(200, 'must have at most 200 characters')
  .optional()
  .meta({ description: 'Who does it. Defaults to the header X-Entity-Id, else `api`.' })
const comment = z.string().max(2_000, 'must have at most 2000 characters').nullish()

export const skipBody = z.strictObject({ by, comment }).meta({ id: 'SkipDeadLetter' })

export const retryBody = z
  .strictObject({
    by,
    comment,
    text: z
      .string()
      .refine((text) => text.trim() !== '', 'must not be empty')
      .nullish()
      .meta({ description: 'Stands for the text of the message from now on; the first is kept.' }),
  })
  .meta({ id: 'RetryDeadLetter', example: { by: 'sam', comment: 'The key is mended.' } })

const time = z.number().meta({ description: 'Milliseconds since the epoch.' })
const turnState = z.enum(TURN_STATES)
const turnCode = z.enum(TURN_CODES).nullable()

export const deadLetter = z
  .object({
    turnId: uuid,
    gen: z.number(),
    agentId: uuid,
    roomId: uuid,
    channelId: uuid,
    messageId: uuid,
    authorId: uuid.nullable(),
    text: z.string().nullable().meta({ description: 'What was said to the agent.' }),
    deadLetter: z.enum(DEAD_LETTER_STATES),
    at: time,
    state: turnState.meta({ description: 'Of the turn now; a retried one may have ended well.' }),
    code: turnCode.meta({ description: 'Of the bad ending, the last one if there were several.' }),
    error: z.string().nullable().meta({ description: 'The reason in words.' }),
    hasUnknownEffect: z.boolean().meta({
      description: 'An action was cut off that must not be repeated: look whether it happened.',
    }),
    acceptedAt: time,
  })
  .meta({ id: 'DeadLetter' })

export const deadLetterAct = z
  .object({
    act: z.enum(['retry', 'skip']),
    at: time,
    by: z.string(),
    comment: z.string().nullable(),
    gen: z.number().meta({ description: 'The generation that had ended badly.' }),
    state: turnState,
    code: turnCode,
    error: z.string().nullable(),
    originalText: z.string().nullable().meta({ description: 'When the retry changed the text.' }),
  })
  .meta({ id: 'DeadLetterAct' })

export const deadLetterDetails = deadLetter
  .extend({
    acts: z.array(deadLetterAct).readonly(),
    message: z.object({ content: z.string().nullable(), metadata: jsonObject }),
    turn: turnTrace,
  })
  .meta({ id: 'DeadLetterDetails' })

export const deadLetterList = z.object({
  deadLetters: z.array(deadLetter).readonly(),
  next: z.string().nullable().meta({ description: 'For `before`; null on the last page.' }),
})
