import { randomUUID } from 'node:crypto'
import { ConflictError, InvalidRequestError } from '../../agent/errors.ts'
import type { NewMessage } from '../../api/deps.ts'
import { type AgentRow, listAgents } from '../../memory/agents.ts'
import {
  type ChannelAgent,
  channelRoom,
  type NewChannelRow,
  openChannel,
} from '../../memory/channels.ts'
import type { Connection } from '../../memory/connections.ts'
import { createUniqueUuid, DEFAULT_MESSAGE_SERVER_ID, isUuid } from '../../schema/ids.ts'
import type { JsonObject } from '../../schema/json.ts'
import { DEFAULT_OVERLAP, readOverlap } from '../../schema/overlap.ts'
import type { Overlap } from '../../schema/turn.ts'
import type { Hearer } from '../../turns/accept.ts'
import type { ApiParts } from './parts.ts'

export interface Audience {
  readonly hearers: readonly Hearer[]
  readonly connections: readonly Connection[]
  /** To be made before the message is stored. */
  readonly newChannel?: NewChannelRow
  /** How many agents in a row speak with this message; null for a person's. */
  readonly agentHops: number | null
}

/**
 * Who hears a message, in the order in which they joined the channel. An unknown channel, or one
 * without an agent, gets one if it can be chosen. Nothing is written.
 *
 * @throws {InvalidRequestError} no agent can be chosen. @throws {ConflictError} all are stopped, or a fork is shown there.
 */
export async function audienceOf(
  { db }: Pick<ApiParts, 'db'>,
  message: NewMessage,
  memoryOf: (agentId: string) => string,
): Promise<Audience> {
  const channel = await openChannel(db, message.channelId, message.authorId)
  if (channel?.isFork) throw new ConflictError(FORK_CHANNEL)
  const present = channel?.agents.filter((agent) => agent.id !== message.authorId) ?? []
  const added = present.length > 0 ? undefined : await addAgent(db, message, channel?.type)
  const agents = added ? [added.agent] : present
  const active = agents.filter((agent) => agent.status === 'active')
  if (active.length === 0) throw stoppedError(agents)
  const place = {
    channelId: message.channelId,
    channelName: channel?.name ?? nameOf(message),
    messageServerId:
      channel?.messageServerId ?? message.messageServerId ?? DEFAULT_MESSAGE_SERVER_ID,
    type: channel?.type ?? typeOf(message),
    source: message.sourceType,
    entityName: message.authorName ?? 'User',
  }
  const connections = active.map((agent) => connect(agent, message, place))
  const chosen = message.overlap ?? readOverlap(channel?.overlap)
  const hearers = connections.map((connection, index) => ({
    ...hear(connection, memoryOf),
    overlap: chosen ?? overlapOf(active[index]),
  }))
  const agentHops = channel?.agentHops ?? added?.agentHops ?? null
  return { connections, hearers, newChannel: added?.channel, agentHops }
}

const FORK_CHANNEL =
  'This channel shows a fork, where nobody listens. Post to the channel of the original.'

/** The room's setting, else the agent's. */
export const overlapOf = (agent: ChannelAgent | undefined): Overlap =>
  readOverlap(agent?.roomOverlap) ?? readOverlap(agent?.overlap) ?? DEFAULT_OVERLAP

type Place = Omit<Connection, 'agentId' | 'agentName' | 'worldId' | 'roomId' | 'entityId'>

const connect = (agent: ChannelAgent, message: NewMessage, place: Place): Connection => ({
  ...place,
  agentId: agent.id,
  agentName: agent.name,
  worldId: agent.worldId ?? createUniqueUuid(agent.id, place.messageServerId),
  roomId: agent.roomId ?? createUniqueUuid(agent.id, message.channelId),
  entityId: createUniqueUuid(agent.id, message.authorId),
})

const hear = (
  connection: Connection,
  memoryOf: (agentId: string) => string,
): Omit<Hearer, 'overlap'> => ({
  agentId: connection.agentId,
  roomId: connection.roomId,
  worldId: connection.worldId,
  entityId: connection.entityId,
  turnId: randomUUID(),
  memoryId: memoryOf(connection.agentId),
})

async function addAgent(
  db: ApiParts['db'],
  message: NewMessage,
  knownType: string | undefined,
): Promise<{ agent: ChannelAgent; channel: NewChannelRow; agentHops: number | null }> {
  const agents = await listAgents(db)
  const agent = chosenAgent(agents, message)
  if (!agent) {
    throw new InvalidRequestError(
      'No agent found in channel participants',
      'metadata.targetAgentId',
    )
  }
  const channel = {
    id: message.channelId,
    name: nameOf(message),
    type: knownType ?? typeOf(message),
    messageServerId: message.messageServerId ?? DEFAULT_MESSAGE_SERVER_ID,
    metadata: {},
    participants: [message.authorId, agent.id],
  }
  const { id, name, status, character } = agent
  const room = await channelRoom(db, { agentId: id, channelId: message.channelId })
  const isByAgent = agents.some((other) => other.id === message.authorId)
  return {
    agent: { id, name, status, overlap: settingsIn(character).overlap, ...room },
    channel,
    agentHops: isByAgent ? 1 : null,
  }
}

const settingsIn = ({ settings }: JsonObject): JsonObject =>
  settings !== null && typeof settings === 'object' && !Array.isArray(settings) ? settings : {}

/** ElizaOS's order: whom the message names, else the only agent that runs. */
function chosenAgent(
  agents: readonly AgentRow[],
  { metadata, authorId }: NewMessage,
): AgentRow | undefined {
  const { targetUserId, recipientId, targetAgentId } = metadata
  const named = [targetUserId, recipientId, targetAgentId].flatMap((id) =>
    typeof id === 'string' && isUuid(id) ? [id.toLowerCase()] : [],
  )
  const others = agents.filter((agent) => agent.id !== authorId)
  const target = others.find((agent) => named.includes(agent.id))
  if (target) return target
  const active = others.filter((agent) => agent.status === 'active')
  return active.length === 1 ? active[0] : undefined
}

const typeOf = ({ isDirect }: NewMessage) => (isDirect ? 'DM' : 'GROUP')
const nameOf = ({ isDirect, channelId }: NewMessage) =>
  `${isDirect ? 'DM' : 'Chat'} ${channelId.slice(0, 8)}`

export function stoppedError(agents: readonly Pick<ChannelAgent, 'id' | 'name'>[]): ConflictError {
  const names = agents.map((agent) => `'${agent.name}'`).join(', ')
  return new ConflictError(
    `The agent ${names} is stopped. Start it with POST /api/agents/${agents[0]?.id}/start.`,
    'agent_stopped',
  )
}
