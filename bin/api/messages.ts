import { createHash, randomUUID } from 'node:crypto'
import { agentHopsOf } from '../../agent/agent-loops.ts'
import {
  ConflictError,
  DomainError,
  IdempotencyError,
  MessageRefusedError,
  NotFoundError,
} from '../../agent/errors.ts'
import type { AcceptedMessage, MessagesPort, NewMessage, StoredMessage } from '../../api/deps.ts'
import type { TurnResult } from '../../api/turns-port.ts'
import { withRetry } from '../../database/failures.ts'
import { ensureChannel, findChannel } from '../../memory/channels.ts'
import { type Connection, ensureConnections } from '../../memory/connections.ts'
import { findMessage, listMessages } from '../../memory/messages.ts'
import { createUniqueUuid, DEFAULT_MESSAGE_SERVER_ID, replyIdOf } from '../../schema/ids.ts'
import type { JsonObject } from '../../schema/json.ts'
import { storableJson } from '../../schema/text.ts'
import {
  type Accepted,
  type AcceptedTicket,
  type AcceptInput,
  accept,
  type InboundMessage,
} from '../../turns/accept.ts'
import { turnsOfMessage } from '../../turns/trace.ts'
import { createRecentMap } from '../recent-map.ts'
import type { Arrival } from './around.ts'
import { type Audience, audienceOf } from './hearers.ts'
import type { ApiParts } from './parts.ts'
import { pressOption } from './pressed-option.ts'
import { toStored } from './stored-message.ts'

/** Of rooms and people; each is two ids. */
const KNOWN_CONNECTIONS = 20_000

interface Door extends ApiParts {
  /** What this process has seen to exist, by room and person. */
  readonly known: ReturnType<typeof createRecentMap<true>>
  readonly door: Arrival['door']
}

/** Messages in, and messages read back. `door`: by default the program's own. */
export function createMessagesPort(
  parts: ApiParts & { readonly door?: Arrival['door'] },
): MessagesPort {
  const known = createRecentMap<true>(KNOWN_CONNECTIONS)
  const door: Door = { ...parts, door: parts.door ?? 'program', known }
  return {
    accept: (message) => acceptMessage(door, storableJson(message)),
    async list(channelId, page) {
      const channel = await findChannel(parts.db, channelId)
      if (!channel) throw new NotFoundError('channel', channelId)
      const rows = await listMessages(parts.db, channelId, page)
      return rows.map((row) => toStored(row, channel.message_server_id))
    },
  }
}

/** The message is safe when this returns; its turns are started behind the caller's back. */
async function acceptMessage(parts: Door, message: NewMessage): Promise<AcceptedMessage> {
  const pressed = await pressOption(parts, message)
  if (pressed) return pressed
  const inbound = toInbound(message)
  return unlessRepeat(parts, inbound, async () => {
    const memoryOf = (agentId: string) => createUniqueUuid(agentId, inbound.id)
    const audience = await audienceOf(parts, message, memoryOf)
    const accept = () => acceptFor(parts, audience, { message, inbound })
    const { door, around } = parts
    return around ? around({ message, hearers: audience.hearers, door }, accept) : accept()
  })
}

interface Posted {
  readonly message: NewMessage
  readonly inbound: InboundMessage
}

async function acceptFor(
  parts: Door,
  audience: Audience,
  { message, inbound: unmarked }: Posted,
): Promise<AcceptedMessage> {
  const { hearers, newChannel } = audience
  const { turnDeadlineMs: deadlineMs } = parts
  const { inbound, memory } = withHops({ message, inbound: unmarked }, audience.agentHops)
  if (newChannel) await withRetry(() => ensureChannel(parts.db, newChannel))
  const input = { message: inbound, hearers, memory, deadlineMs }
  const accepted = await acceptInRooms(parts, audience, input)
  if (accepted.kind === 'repeat') return repeated(parts, inbound)
  for (const head of accepted.heads) parts.kick(head)
  for (const later of accepted.later) parts.kickLater(later)
  parts.announce(accepted)
  const order = hearers.map((hearer) => hearer.turnId)
  const turns = accepted.tickets
    .map((ticket) => ({ ...ticket, known: standing(ticket) }))
    .sort((a, b) => order.indexOf(a.turnId) - order.indexOf(b.turnId))
  const serverId = audience.connections[0]?.messageServerId ?? DEFAULT_MESSAGE_SERVER_ID
  const stored = { ...inbound, createdAt: accepted.createdAt.getTime() }
  return { message: echoOf(stored, serverId), turns, isRepeat: false }
}

/**
 * An agent's own message says how many agents in a row have spoken. Code of this process that knows of more
 * is believed; from a person such a number would only silence agents, so it is left out.
 */
function withHops({ message, inbound }: Posted, agentHops: number | null) {
  const { agentHops: given, ...metadata } = inbound.metadata
  const memory = memoryContent(message)
  if (agentHops === null) return { inbound: { ...inbound, metadata }, memory }
  const hops = Math.max(agentHops, agentHopsOf({ agentHops: given }))
  const marked = { ...inbound, metadata: { ...metadata, agentHops: hops } }
  return { inbound: marked, memory: { ...memory, agentHops: hops } }
}

/** A repeat is answered as it was, also when the agent was stopped or left since; not to who is turned away. */
async function unlessRepeat(
  parts: Door,
  inbound: InboundMessage,
  work: () => Promise<AcceptedMessage>,
): Promise<AcceptedMessage> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof DomainError) || error instanceof MessageRefusedError) throw error
    const isKnown = inbound.externalId !== null && (await findKnown(parts, inbound))
    if (!isKnown) throw error
    return repeated(parts, inbound)
  }
}

/** Rooms and people are made once per process; if they are gone since, they are made again. */
async function acceptInRooms(
  { db, known }: Door,
  { connections }: Audience,
  input: AcceptInput,
): Promise<Exclude<Accepted, { kind: 'room-missing' }>> {
  const keyOf = ({ roomId, entityId }: Connection) => `${roomId}:${entityId}`
  const ensure = async (missing: readonly Connection[]) => {
    await withRetry(() => ensureConnections(db, missing))
    for (const connection of missing) known.put(keyOf(connection), true)
  }
  const unknown = connections.filter((connection) => !known.get(keyOf(connection)))
  if (unknown.length > 0) await ensure(unknown)
  const accepted = await withRetry(() => accept(db, input))
  if (accepted.kind !== 'room-missing') return accepted
  await ensure(connections)
  const again = await withRetry(() => accept(db, input))
  if (again.kind === 'room-missing') throw new ConflictError('The agent is being deleted.')
  return again
}

const standing = ({ turnId, agentId, state, answeredBy }: AcceptedTicket): TurnResult => ({
  turnId,
  agentId,
  state,
  answeredBy,
  code: state === 'rejected' ? 'room_busy' : null,
  replyId: replyIdOf({ turnId, gen: 1 }),
  reply: null,
})

function toInbound(message: NewMessage): InboundMessage {
  const { externalId = null, inReplyTo = null } = message
  return {
    id: randomUUID(),
    channelId: message.channelId,
    authorId: message.authorId,
    content: message.content,
    rawMessage: message.rawMessage,
    inReplyTo,
    sourceType: message.sourceType,
    externalId,
    bodyHash: externalId === null ? null : bodyHash(message),
    metadata: message.metadata,
  }
}

/** Of what makes it the same message: the transport may differ between a request and its repeat. */
function bodyHash({ content, inReplyTo, metadata }: NewMessage): string {
  const body = JSON.stringify([content, inReplyTo ?? null, metadata])
  return createHash('sha256').update(body).digest('hex')
}

/** What the agent remembers of it. */
function memoryContent(message: NewMessage): JsonObject {
  const { attachments } = message.metadata
  return {
    text: message.content,
    source: message.sourceType,
    channelType: message.isDirect ? 'DM' : undefined,
    inReplyTo: message.inReplyTo,
    attachments: Array.isArray(attachments) ? attachments : undefined,
  }
}

function findKnown(
  { db }: Pick<ApiParts, 'db'>,
  { channelId, authorId, externalId }: InboundMessage,
) {
  return externalId === null
    ? Promise.resolve(undefined)
    : findMessage(db, { channelId, authorId, externalId })
}

async function repeated({ db }: ApiParts, inbound: InboundMessage): Promise<AcceptedMessage> {
  const row = await findKnown({ db }, inbound)
  if (row?.body_hash !== inbound.bodyHash) throw new IdempotencyError(inbound.externalId ?? '')
  const turns = await turnsOfMessage(db, row.id)
  if (turns.length === 0) {
    throw new ConflictError(
      'This message was heard by agents that were deleted since. Send it anew.',
    )
  }
  const channel = await findChannel(db, inbound.channelId)
  return {
    message: toStored(row, channel?.message_server_id ?? DEFAULT_MESSAGE_SERVER_ID),
    turns: turns.map((turn) => ({ turnId: turn.id, agentId: turn.agent_id, state: turn.state })),
    isRepeat: true,
  }
}

const echoOf = (
  message: InboundMessage & { readonly createdAt: number },
  messageServerId: string,
): StoredMessage => ({
  id: message.id,
  channelId: message.channelId,
  messageServerId,
  authorId: message.authorId,
  content: message.content,
  sourceType: message.sourceType,
  sourceId: message.externalId,
  inReplyTo: message.inReplyTo,
  rawMessage: message.rawMessage,
  metadata: message.metadata,
  turnId: null,
  createdAt: message.createdAt,
})
