import { z } from 'zod'
import { jsonObject, uuid } from './api.ts'
import { FORK_STEPS, type ForkStep, parseForkStep } from './fork.ts'
import { TURN_CODES, TURN_STATES } from './turn.ts'

/** What the API is asked about forks, and what it answers. */

const from = z
  .string()
  .transform((text, context): ForkStep => {
    const step = parseForkStep(text)
    if (step !== undefined) return step
    const message = `must be one of ${FORK_STEPS}, got '${text.slice(0, 60)}'`
    context.addIssue({ code: 'custom', message, input: text })
    return z.NEVER
  })
  .meta({
    type: 'string',
    example: 'decide',
    description: `The step to begin with; what was done before is taken over. ${FORK_STEPS}.`,
  })

const model = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(200, 'must have at most 200 characters')

/** Strict: a misspelt option would cost a run of something else. */
export const forkBody = z
  .strictObject({
    model: model.optional().meta({ description: 'Answers for TEXT_LARGE and TEXT_SMALL.' }),
    character: jsonObject.optional().meta({
      description:
        'An ElizaOS character that stands in for the agent’s. Masked secrets are the agent’s own.',
    }),
    from: from.optional(),
  })
  .meta({ id: 'NewFork', example: { model: 'gpt-5.4-mini', from: 'decide' } })

const time = z.number().meta({ description: 'Milliseconds since the epoch.' })
const turnState = z.enum(TURN_STATES)
const turnCode = z.enum(TURN_CODES).nullable()

const forkFields = z.object({
  forkId: uuid.meta({ description: 'The id of the fork’s own turn.' }),
  forkOf: uuid,
  from: z.string(),
  model: z.string().nullable(),
  character: z.string().nullable().meta({ description: 'Name of the character that stands in.' }),
  state: turnState,
})

export const startedFork = forkFields
  .extend({ channelId: uuid.meta({ description: 'Of the shadow room.' }), deadlineAt: time })
  .meta({ id: 'StartedFork' })

export const forkSummary = forkFields
  .extend({ code: turnCode, acceptedAt: time, settledAt: time.nullable() })
  .meta({ id: 'ForkSummary' })

export const forkList = z.object({ forks: z.array(forkSummary).readonly() })

/** Lines of a unified diff, without file names; none when nothing differs. */
const lines = z
  .array(z.string())
  .readonly()
  .meta({ example: ['@@ -1,1 +1,1 @@', '-Hi', '+Hello'] })

const comparedAction = z
  .object({
    action: z.string(),
    parameters: jsonObject,
    success: z.boolean().nullable().meta({ description: 'Null: it did not end.' }),
    dryRun: z
      .boolean()
      .meta({ description: 'It has an effect, so the fork did not carry it out.' }),
    wouldAsk: z.boolean().meta({ description: 'Somebody would have been asked first.' }),
    said: z.array(z.string()).readonly(),
    error: z.string().nullable(),
  })
  .meta({ id: 'ComparedAction' })

const changedAction = z.object({
  action: z.string(),
  before: jsonObject,
  after: jsonObject,
})

const side = z
  .object({
    turnId: uuid,
    gen: z.number(),
    state: turnState,
    code: turnCode,
    error: z.string().nullable(),
    models: z.array(z.string()).readonly().meta({ description: 'Those that were called.' }),
    calls: z.number(),
    inputTokens: z.number(),
    outputTokens: z.number(),
    cost: z.number().nullable().meta({ description: 'US dollars; null when a price is unknown.' }),
    modelMs: z.number().meta({ description: 'Time of the model calls, added up.' }),
    latencyMs: z.number().nullable().meta({ description: 'From admit to the outcome.' }),
  })
  .meta({ id: 'ComparedTurn' })

export const turnDiff = forkFields
  .extend({
    before: side,
    after: side,
    prompt: lines,
    actions: z.object({
      before: z.array(comparedAction).readonly(),
      after: z.array(comparedAction).readonly(),
      added: z.array(z.string()).readonly(),
      removed: z.array(z.string()).readonly(),
      changed: z.array(changedAction).readonly(),
    }),
    text: z.object({ before: z.string().nullable(), after: z.string().nullable(), diff: lines }),
  })
  .meta({ id: 'TurnDiff' })

export const forkUnderWay = z
  .object({ forkId: uuid, state: turnState })
  .meta({ id: 'ForkUnderWay' })
