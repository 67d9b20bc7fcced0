import { z } from 'zod'
import { jsonObject, uuid } from './api.ts'
import { pendingApproval } from './approval-api.ts'
import { modelCall } from './model-call-api.ts'
import { OVERLAP_POLICIES, TURN_CODES, TURN_STATES } from './turn.ts'

/** What the HTTP API answers. Times are milliseconds since the epoch unless they say otherwise. */

const time = z.number().meta({ description: 'Milliseconds since the epoch.' })

/** Envelope of agents and turns. */
export const envelope = <Schema extends z.ZodType>(data: Schema) =>
  z.object({ success: z.literal(true), data })

const characterProblem = z.object({
  path: z.string(),
  found: z.string(),
  expected: z.string(),
  hint: z.string().optional(),
})

/** Failure of agents, turns and whatever has no router of its own. */
export const failure = z
  .object({
    success: z.literal(false),
    error: z.object({
      code: z.union([z.string(), z.number()]).optional(),
      message: z.string(),
      details: z
        .object({ path: z.string(), problems: z.array(characterProblem).readonly().optional() })
        .optional(),
    }),
  })
  .meta({ id: 'Failure' })

/** Failure of messaging: `error` is a sentence, `details` the path of the field. */
export const messagingFailure = z
  .object({
    success: z.literal(false),
    error: z.string(),
    code: z.string().optional(),
    details: z.string().optional(),
  })
  .meta({ id: 'MessagingFailure' })

const agentStatus = z.enum(['active', 'inactive'])

export const agentSummary = z
  .object({
    id: uuid,
    name: z.string(),
    characterName: z.string(),
    bio: z.string().meta({ description: 'The first line.' }),
    status: agentStatus,
  })
  .meta({ id: 'AgentSummary' })

export const agentDetails = z
  .object({ id: uuid, name: z.string(), status: agentStatus, createdAt: time, updatedAt: time })
  .catchall(z.unknown())
  .meta({ id: 'Agent', description: 'The stored character with secrets masked, and its state.' })

export const createdAgent = z.object({ id: uuid, character: jsonObject })
export const startedAgent = z.object({ id: uuid, name: z.string(), status: agentStatus })
export const notice = z.object({ message: z.string() })
export const partialDelete = z.object({
  success: z.literal(true),
  partial: z.literal(true),
  message: z.string(),
})

export const channel = z
  .object({
    id: uuid,
    name: z.string(),
    type: z.string(),
    messageServerId: uuid,
    metadata: jsonObject,
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Channel' })

export const channelAgent = z.object({ channelId: uuid, agentId: uuid, message: z.string() })
export const participants = z.array(uuid).readonly()

/** ElizaOS sends snake_case, its client and tests read camelCase: both are there. */
export const message = z
  .object({
    id: uuid,
    content: z.string(),
    metadata: jsonObject,
    turnId: uuid.nullable().meta({ description: 'The turn that wrote it; null for people.' }),
    channel_id: uuid,
    channelId: uuid,
    message_server_id: uuid,
    messageServerId: uuid,
    author_id: uuid,
    authorId: uuid,
    author_display_name: z.string().nullable(),
    authorDisplayName: z.string().nullable(),
    created_at: time,
    createdAt: time,
    updated_at: time,
    updatedAt: time,
    source_type: z.string(),
    sourceType: z.string(),
    source_id: z.string().nullable(),
    sourceId: z.string().nullable(),
    raw_message: jsonObject,
    rawMessage: jsonObject,
    in_reply_to_message_id: uuid.nullable(),
    inReplyToMessageId: uuid.nullable(),
  })
  .meta({ id: 'Message' })

const turnState = z.enum(TURN_STATES).meta({ id: 'TurnState' })
const turnCode = z.enum(TURN_CODES).meta({ id: 'TurnCode' })
const content = jsonObject.meta({ id: 'Content', description: "ElizaOS's Content." })

const answeredTurn = z
  .object({
    id: uuid,
    agentId: uuid,
    state: turnState,
    code: turnCode.optional(),
    agentResponse: content.nullable(),
    approval: pendingApproval.optional(),
  })
  .meta({ id: 'AnsweredTurn' })

/** The answer to a posted message. `agentResponse` and `turn` are the first agent's. */
export const postedMessage = z
  .object({
    success: z.literal(true),
    userMessage: message,
    turnId: uuid,
    turn: z.object({ id: uuid, state: turnState, code: turnCode.optional() }),
    turns: z.array(answeredTurn),
    agentResponse: content.nullable().optional().meta({
      description:
        'Reply or apology; null when the agent said nothing (yet). Absent for websocket.',
    }),
  })
  .meta({ id: 'PostedMessage' })

const overlap = z.object({ policy: z.enum(OVERLAP_POLICIES), burstMs: z.number() })

const turnResultFields = z.object({
  turnId: uuid,
  agentId: uuid,
  state: turnState,
  code: turnCode.nullable(),
  replyId: uuid,
  reply: content.nullable(),
  approval: pendingApproval.nullish(),
  answeredBy: uuid.nullable().meta({
    description: 'The turn that answers for a merged one, or took the place of a superseded one.',
  }),
})
export const turnResult = turnResultFields.meta({ id: 'TurnResult' })

export const cancelledTurn = turnResultFields
  .extend({
    delivery: z
      .object({ retracted: z.number(), sending: z.number(), sent: z.number() })
      .optional()
      .meta({ description: 'Messages to a chat platform, of a turn that had ended.' }),
  })
  .meta({ id: 'CancelledTurn' })

const step = z
  .object({
    step: z.string(),
    gen: z.number(),
    attempt: z.number(),
    state: z.enum(['pending', 'done']),
    startedAt: time,
    finishedAt: time.nullable(),
    result: jsonObject.nullable(),
    error: z.string().nullable(),
  })
  .meta({ id: 'Step' })

const prompt = z.object({
  step: z.string(),
  gen: z.number(),
  prompt: z.string(),
  state: jsonObject,
})

export const turnTrace = turnResultFields
  .extend({
    gen: z.number(),
    roomId: uuid,
    channelId: uuid,
    messageId: uuid,
    seq: z.number(),
    policy: z.string(),
    error: z.string().nullable().meta({ description: 'The reason of a bad ending, in words.' }),
    acceptedAt: time,
    startedAt: time.nullable(),
    settledAt: time.nullable(),
    deadlineAt: time,
    cancelRequestedAt: time.nullable(),
    forkOf: uuid.optional().meta({ description: 'The turn that this one runs again.' }),
    steps: z.array(step).readonly(),
    prompts: z.array(prompt).readonly(),
    modelCalls: z.array(modelCall).readonly(),
    cost: z.number().nullable(),
    workflowId: z.string(),
    temporalUrl: z.string().nullable().meta({ description: "The turn in Temporal's Web UI." }),
  })
  .meta({ id: 'TurnTrace' })

export const turnSummary = z
  .object({
    turnId: uuid,
    roomId: uuid,
    channelId: uuid,
    state: turnState,
    code: turnCode.nullable(),
    acceptedAt: time,
    settledAt: time.nullable(),
  })
  .meta({ id: 'TurnSummary' })

export const readiness = z
  .object({
    ready: z.boolean(),
    checks: z
      .array(z.object({ name: z.string(), ok: z.boolean(), reason: z.string().optional() }))
      .readonly(),
  })
  .meta({ id: 'Readiness' })

export const serverStatus = z
  .object({
    status: z.string(),
    agentCount: z.number().meta({ description: 'Active agents.' }),
    timestamp: z.iso.datetime(),
    model: z.object({
      vendor: z.string(),
      model: z.string(),
      isBuiltIn: z.boolean(),
      fallbacks: z.array(z.string()).readonly(),
      note: z.string().optional().meta({ description: 'Why none answers, or only ELIZA.' }),
    }),
  })
  .meta({ id: 'ServerStatus' })

export const serverHealth = z.object({
  status: z.string(),
  version: z.string(),
  timestamp: z.iso.datetime(),
  dependencies: z.object({ agents: z.enum(['healthy', 'no_agents']) }),
})

export const serverVersion = z.object({
  version: z.string(),
  source: z.string(),
  timestamp: z.iso.datetime(),
  environment: z.string(),
  uptime: z.number().meta({ description: 'Seconds.' }),
})

export const room = z
  .object({ id: uuid, agentId: uuid, channelId: uuid, overlap: overlap.nullable() })
  .meta({ id: 'Room' })

export const agentList = z.object({ agents: z.array(agentSummary).readonly() })
export const messageList = z.object({ messages: z.array(message).readonly() })
export const turnList = z.object({ turns: z.array(turnSummary).readonly() })
export const history = jsonObject
export const liveness = z.object({ status: z.string(), timestamp: z.iso.datetime() })
export const pong = z.object({ pong: z.literal(true), timestamp: z.iso.datetime() })
export const eventText = z.string().meta({
  example: 'event: chunk\ndata: {"messageId":"…","chunk":"Hel","index":0}\nid: 1.1.0\n\n',
})
