import { z } from 'zod'
import { jsonObject, limit, uuid } from './api.ts'
import { APPROVAL_DOORS, APPROVAL_OPTIONS, APPROVAL_STATES } from './approval.ts'
import { pageCursor } from './page-cursor.ts'

/** What the API is asked about approvals, and what it answers. */

export const approvalParams = z.object({ approvalId: uuid })

export const approvalsQuery = z.object({
  limit: limit(50, 200),
  before: pageCursor.optional(),
  agentId: uuid.optional(),
  channelId: uuid.optional(),
  turnId: uuid.optional(),
  state: z
    .enum(APPROVAL_STATES, { error: `must be one of ${APPROVAL_STATES.join(', ')}` })
    .optional(),
})

const name = z.string().min(1, 'must not be empty').max(255, 'must have at most 255 characters')

export const answerApprovalBody = z
  .strictObject({
    decision: z.enum(APPROVAL_OPTIONS, { error: `must be ${APPROVAL_OPTIONS.join(' or ')}` }),
    by: name.optional().meta({ description: 'Who answers, for the record. Default: X-Entity-Id.' }),
    via: z
      .enum(['api', 'cli', 'chat'], { error: 'must be api, cli or chat' })
      .default('api')
      .meta({ description: 'Where the answer was given, for the record.' }),
    comment: z.string().max(2_000, 'must have at most 2000 characters').optional().meta({
      description: 'Kept with the answer; of a denial the person and the model are told.',
    }),
  })
  .meta({ id: 'AnswerApproval', example: { decision: 'approve', by: 'Kim' } })

const time = z.number().meta({ description: 'Milliseconds since the epoch.' })

export const approval = z
  .object({
    id: uuid,
    agentId: uuid,
    roomId: uuid,
    channelId: uuid,
    turnId: uuid,
    action: z.string(),
    parameters: jsonObject.meta({ description: 'Exactly what is run when it is approved.' }),
    question: z.string(),
    approvableBy: z.enum(['admin', 'anyone']).meta({
      description: 'Who may answer in the room; callers of the API always may.',
    }),
    entityId: uuid,
    messageId: uuid.meta({ description: 'The message that asks.' }),
    state: z.enum(APPROVAL_STATES).meta({ id: 'ApprovalState' }),
    requestedAt: time,
    deadlineAt: time,
    answeredAt: time.nullable(),
    answeredBy: z.string().nullable(),
    answeredVia: z.enum(APPROVAL_DOORS).nullable(),
    comment: z.string().nullable(),
  })
  .meta({ id: 'Approval' })

/** What a parked turn waits for. */
export const pendingApproval = z
  .object({ id: uuid, action: z.string(), parameters: jsonObject, question: z.string() })
  .meta({ id: 'PendingApproval' })

export const approvalList = z.object({
  approvals: z.array(approval).readonly(),
  next: z.string().nullable().meta({ description: 'For `before`; null on the last page.' }),
})
