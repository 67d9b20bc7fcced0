import { z } from 'zod'
import { attachmentsBody } from './attachments.ts'
import { isUuid } from './ids.ts'
import { OVERLAP_EXPECTED, overlapSchema } from './overlap.ts'
import { TURN_STATES } from './turn.ts'

/** What the HTTP API is asked. What it answers is in `api-answers.ts`. */

const SOME_ID = 'b850bc30-45f8-0041-a00a-83df46d8555d'

/**
 * Any 8-4-4-4-12 hex, as ElizaOS's ids need it: their version nibble is 0, so `z.uuid()` refuses
 * them. In lower case, because ids are compared as text.
 */
export const uuid = z
  .string()
  .refine(isUuid, {
    error: (issue) => `must be a UUID (8-4-4-4-12 hex digits), got ${quote(issue.input)}`,
  })
  .toLowerCase()
  .meta({ format: 'uuid', example: SOME_ID })

export const jsonObject = z.record(z.string(), z.unknown())

const TRANSPORTS = ['http', 'sse', 'websocket'] as const
/** ElizaOS's older parameter `mode`. */
const MODES = ['sync', 'stream', 'websocket', 'http', 'sse'] as const
export type Transport = (typeof TRANSPORTS)[number]

const transportError = (issue: { input?: unknown }) =>
  typeof issue.input === 'string'
    ? `Invalid transport ${quote(issue.input)}: use one of ${TRANSPORTS.join(', ')}`
    : 'Transport must be a string'

/** Outside ids and keys are names, not texts. */
const externalId = z
  .string()
  .min(1, 'must not be empty')
  .max(255, 'must have at most 255 characters')

export const postMessageBody = z
  .object({
    author_id: uuid.optional().meta({
      description: 'The entity that speaks. Defaults to the header X-Entity-Id.',
    }),
    content: z.string().meta({
      description: 'The text, kept verbatim. May be empty only when attachments come with it.',
    }),
    attachments: attachmentsBody.nullish(),
    message_server_id: uuid.nullish().meta({ description: 'Defaults to the all-zero server.' }),
    server_id: uuid.nullish().meta({ description: 'Deprecated name of message_server_id.' }),
    transport: z.enum(TRANSPORTS, { error: transportError }).optional().meta({
      description: 'http waits for the reply, sse streams it, websocket (default) answers at once.',
    }),
    mode: z.enum(MODES, { error: transportError }).optional().meta({
      description: 'Deprecated: sync is http, stream is sse.',
    }),
    messageId: externalId.nullish().meta({
      description: 'A repeat with the same id and body gets the same turn. Like Idempotency-Key.',
    }),
    source_id: externalId.nullish().meta({ description: 'The id of the message at its source.' }),
    source_type: z.string().min(1).max(255).optional().meta({ default: 'eliza_gui' }),
    in_reply_to_message_id: uuid.nullish(),
    raw_message: jsonObject.nullish(),
    metadata: jsonObject.nullish(),
    overlap: overlapSchema.optional().meta({
      description: `What the message does to unfinished turns of the room: ${OVERLAP_EXPECTED}. Also as metadata.overlap.`,
    }),
    author_display_name: z.string().min(1).max(255).nullish(),
  })
  .meta({
    id: 'PostMessage',
    example: { author_id: SOME_ID, content: 'Good morning!', transport: 'http' },
  })
export type PostMessageBody = z.infer<typeof postMessageBody>

export const messageHeaders = z.object({
  'idempotency-key': externalId.optional().meta({
    description: 'A repeat with the same key and body gets the same turn; another body gets 422.',
  }),
  'x-entity-id': uuid.optional().meta({ description: 'The author, when the body names none.' }),
  'last-event-id': z.string().optional().meta({
    description: 'Id of the last event that was seen: the stream goes on behind it.',
  }),
})

export const streamHeaders = messageHeaders.pick({ 'last-event-id': true })

const channelMetadata = z.looseObject({ overlap: overlapSchema.nullish() })

export const newChannelBody = z
  .object({
    id: uuid.optional(),
    name: z.string().min(1, 'must not be empty').max(255),
    type: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .meta({ description: 'DM or GROUP.', default: 'GROUP' }),
    message_server_id: uuid.nullish(),
    server_id: uuid.nullish().meta({ description: 'Deprecated name of message_server_id.' }),
    participantCentralUserIds: z.array(uuid).max(1000).optional().meta({
      description: 'People and agents. The first agent is the one whose reply is agentResponse.',
    }),
    metadata: channelMetadata.nullish(),
  })
  .meta({ id: 'NewChannel', example: { name: 'Lobby', participantCentralUserIds: [SOME_ID] } })

export const channelPatchBody = z
  .strictObject({
    name: z.string().min(1, 'must not be empty').max(255).optional(),
    metadata: channelMetadata.optional().meta({
      description: 'Keys to replace; null removes one. `overlap` is a policy for the channel.',
    }),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'must have `name` or `metadata`')
  .meta({ id: 'ChannelPatch', example: { metadata: { overlap: 'merge' } } })

export const roomPatchBody = z
  .strictObject({
    overlap: overlapSchema.nullable().meta({
      description: `What messages do to the room's unfinished turns: ${OVERLAP_EXPECTED}. Null: the agent decides.`,
    }),
  })
  .meta({ id: 'RoomPatch', example: { overlap: 'latest' } })

export const addAgentBody = z.object({ agentId: uuid }).meta({ id: 'AddAgent' })

export const newAgentBody = z
  .object({
    characterJson: z.union([z.string(), jsonObject]).optional().meta({
      description: 'An ElizaOS character, as an object or as JSON text.',
    }),
    agent: jsonObject
      .optional()
      .meta({ description: 'The same, under the name of older clients.' }),
    characterPath: z.string().optional().meta({
      description:
        'Always refused: requests must not read files of the server. Send characterJson.',
    }),
  })
  .meta({
    id: 'NewAgent',
    example: { characterJson: { name: 'Ada', bio: 'Patient, precise, fond of engines.' } },
  })

export const agentPatchBody = jsonObject.meta({
  id: 'AgentPatch',
  example: { system: 'Answer in one sentence.' },
  description: 'Fields of the character to replace. Masked secrets that come back change nothing.',
})

export const agentParams = z.object({ agentId: uuid })
export const cancelBody = z
  .strictObject({
    partial: z
      .enum(['keep', 'retract'], { error: 'must be keep or retract' })
      .default('retract')
      .meta({ description: 'What becomes of the text that a running turn has said so far.' }),
  })
  .meta({ id: 'CancelTurn' })

export const agentRoomParams = agentParams.extend({ roomId: uuid })
export const channelParams = z.object({ channelId: uuid })
export const channelAgentParams = channelParams.extend({ agentId: uuid })
export const turnParams = z.object({ turnId: uuid })

/** A query parameter that is a whole number: digits only, so that an empty one is no 0. */
const wholeNumber = (expected: string, least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, expected)
    .transform(Number)
    .pipe(z.number().min(least, expected).max(most, expected))
    .meta({ type: 'integer', minimum: least, maximum: most })

export const limit = (preset: number, most: number) =>
  wholeNumber(`must be a whole number from 1 to ${most}`, 1, most)
    .optional()
    .transform((count) => count ?? preset)
    .meta({ type: 'integer', default: preset, minimum: 1, maximum: most })

export const before = wholeNumber('must be a time in milliseconds since the epoch', 0, 8.64e15)
  .optional()
  .meta({ description: 'Only what is older than this time, in milliseconds since the epoch.' })

export const messagesQuery = z.object({ limit: limit(50, 500), before })
export const turnsQuery = z.object({
  limit: limit(20, 100),
  before,
  state: z
    .enum(TURN_STATES, {
      error: (issue) => `must be one of ${TURN_STATES.join(', ')}, got ${quote(issue.input)}`,
    })
    .optional(),
  forks: z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .optional()
    .transform((given) => given === 'true')
    .meta({ type: 'boolean', default: false, description: 'Also those that run a turn again.' }),
})

/** A value as an error quotes it: short enough for one line. */
function quote(value: unknown): string {
  const text = String(value)
  return text.length > 60 ? `'${text.slice(0, 60)}…'` : `'${text}'`
}
