import { randomUUID } from 'node:crypto'
import { agentHopsOf } from '../agent/agent-loops.ts'
import { ConflictError } from '../agent/errors.ts'
import type { Content } from '../agent/memory.ts'
import type { Connectors } from '../agent/ports.ts'
import type { Records, RoomRecord } from '../agent/records.ts'
import type { TurnsPort } from '../api/turns-port.ts'
import { withRetry } from '../database/failures.ts'
import { channelRoom, ensureChannel, openChannel } from '../memory/channels.ts'
import { ensureConnections } from '../memory/connections.ts'
import { channelIdOf } from '../memory/records/room-channel.ts'
import type { ElizaContent, ElizaMemory, ElizaTarget } from '../plugins/contract.ts'
import type { Runtime } from '../plugins/runtime.ts'
import type { HandledMessage, HostMessages } from '../plugins/runtime-host.ts'
import { currentScope, outsideScope, workOf } from '../plugins/scope.ts'
import { createUniqueUuid, DEFAULT_MESSAGE_SERVER_ID, isUuid, stringToUuid } from '../schema/ids.ts'
import type { JsonObject } from '../schema/json.ts'
import { readOverlap } from '../schema/overlap.ts'
import { storableJson } from '../schema/text.ts'
import type { Overlap } from '../schema/turn.ts'
import type { TurnStream } from '../streams/turn-stream.ts'
import { type AcceptInput, accept } from '../turns/accept.ts'
import { turnsOfMessage } from '../turns/trace.ts'
import { aroundInput } from './api/around-input.ts'
import { overlapOf, stoppedError } from './api/hearers.ts'
import type { ApiParts } from './api/parts.ts'
import { followHandled } from './follow-handled.ts'

export interface PluginMessageParts extends ApiParts {
  readonly turns: TurnsPort
  readonly stream: TurnStream
  readonly records: Records
  readonly connectors: Connectors
  startDelivery(room: { readonly roomId: string; readonly agentId: string }): Promise<void>
}

interface Owner {
  readonly agentId: string
  runtime(): Runtime
}

/** Messages that an agent's plugins bring in and send out: a platform plugin's `handleMessage` is a turn. */
export function createPluginMessages(parts: PluginMessageParts, owner: Owner): HostMessages {
  return {
    // The turn has scopes of its own: it may outlive the member that brought the message.
    handle(given, onReply, options = {}) {
      const message = { ...given, content: { ...given.content, ...hopsHere() } }
      return outsideScope(() => handle(parts, owner, { message, onReply, options }))
    },
    send: (target, content, handler) => send(parts, owner, { target, content, handler }),
    delete: (messageId) =>
      parts.records.commit(owner.agentId, [{ kind: 'memory.delete', ids: [messageId] }]),
    clear: (roomId) =>
      parts.records.commit(owner.agentId, [{ kind: 'memory.clear', roomId, type: 'messages' }]),
  }
}

interface Handled {
  readonly message: ElizaMemory
  readonly onReply: Parameters<HostMessages['handle']>[1]
  readonly options: NonNullable<Parameters<HostMessages['handle']>[2]>
}

async function handle(
  parts: PluginMessageParts,
  owner: Owner,
  { message, onReply, options }: Handled,
): Promise<HandledMessage> {
  const turnId = await acceptAsTurn(parts, owner, message)
  const { agentId } = owner
  return followHandled(parts, { turnId, agentId, roomId: message.roomId, onReply, options })
}

/** The message is safe when this returns. A message with an id is taken once, however often it comes. */
async function acceptAsTurn(
  parts: PluginMessageParts,
  owner: Owner,
  message: ElizaMemory,
): Promise<string> {
  const room = await roomOf(parts, owner, message)
  const entityName = nameIn(message) ?? 'User'
  const { agentId } = owner
  await withRetry(() =>
    ensureConnections(parts.db, [
      { ...connectionOf(owner, room), entityId: message.entityId, entityName },
    ]),
  )
  await withRetry(() =>
    ensureChannel(parts.db, {
      id: room.channelId,
      name: room.name ?? room.source,
      type: room.type,
      messageServerId: messageServerOf(room),
      metadata: {},
      participants: [message.entityId, agentId],
    }),
  )
  const place = { agentId, channelId: room.channelId }
  const { overlap, status } = await withRetry(() => standingIn(parts, place))
  const input = inputOf(parts, { owner, message, room, overlap })
  if (status !== 'active') return unheard(parts, owner, input)
  return aroundInput(parts.around, { input, room }, () => store(parts, input))
}

async function store(parts: PluginMessageParts, input: AcceptInput): Promise<string> {
  const accepted = await withRetry(() => accept(parts.db, input))
  if (accepted.kind === 'room-missing') throw new ConflictError('The agent is being deleted.')
  if (accepted.kind === 'repeat') return repeatOf(parts, input)
  for (const head of accepted.heads) parts.kick(head)
  for (const later of accepted.later) parts.kickLater(later)
  parts.announce(accepted)
  return input.hearers[0]?.turnId ?? ''
}

/** As the plugin made it, or made now: one room per (agent, channel). */
async function roomOf(
  { db, records }: PluginMessageParts,
  { agentId }: Owner,
  { roomId, content, worldId }: ElizaMemory,
): Promise<RoomRecord> {
  const [known] = await records.of(agentId).rooms([roomId])
  // A platform's own name of the channel is no id of ours.
  const channelId = await channelIdOf(db, { agentId, roomId })
  if (known && channelId !== undefined) return { ...known, channelId }
  // Named by its channel: the room that stands for it.
  const named = await channelRoom(db, { agentId, channelId: roomId })
  const [room] = named.roomId ? await records.of(agentId).rooms([named.roomId]) : []
  if (room) return { ...room, channelId: roomId }
  return {
    id: roomId,
    agentId,
    worldId: worldId ?? createUniqueUuid(agentId, DEFAULT_MESSAGE_SERVER_ID),
    channelId: roomId,
    source: content.source ?? 'unknown',
    type: content.channelType ?? 'GROUP',
    metadata: {},
  }
}

/** As for a message that is posted: the channel's setting, else the room's, else the agent's. */
async function standingIn(
  { db }: PluginMessageParts,
  { agentId, channelId }: { readonly agentId: string; readonly channelId: string },
): Promise<{ readonly overlap: Overlap; readonly status: string | undefined }> {
  const channel = await openChannel(db, channelId)
  const agent = channel?.agents.find(({ id }) => id === agentId)
  return { overlap: readOverlap(channel?.overlap) ?? overlapOf(agent), status: agent?.status }
}

/** A stopped agent takes nothing new, as over the API; what it took before is answered as it was. */
async function unheard(
  parts: PluginMessageParts,
  { agentId, runtime }: Owner,
  input: AcceptInput,
): Promise<string> {
  const stopped = stoppedError([{ id: agentId, name: runtime().character.name }])
  if (input.message.externalId === null) throw stopped
  return repeatOf(parts, input).catch((error: unknown) => {
    throw error instanceof ConflictError ? stopped : error
  })
}

/** Said by a member within a turn, or by what it left behind, to an agent: one more has spoken in a row. */
function hopsHere() {
  const turn = currentScope()?.turn
  return turn ? { agentHops: agentHopsOf(turn.context.message.content) + 1 } : {}
}

const messageServerOf = ({ messageServerId }: RoomRecord): string =>
  messageServerId !== undefined && isUuid(messageServerId)
    ? messageServerId
    : stringToUuid(messageServerId ?? DEFAULT_MESSAGE_SERVER_ID)

const connectionOf = ({ agentId, runtime }: Owner, room: RoomRecord) => ({
  agentId,
  agentName: runtime().character.name,
  worldId: room.worldId,
  messageServerId: messageServerOf(room),
  roomId: room.id,
  channelId: room.channelId,
  channelName: room.name ?? room.source,
  source: room.source,
  type: room.type,
})

interface InputParts {
  readonly owner: Owner
  readonly message: ElizaMemory
  readonly room: RoomRecord
  readonly overlap: Overlap
}

function inputOf(
  { turnDeadlineMs: deadlineMs }: PluginMessageParts,
  { owner, message, room, overlap }: InputParts,
): AcceptInput {
  const content = storableJson(plainJson(message.content)) as Content
  const id = randomUUID()
  const { agentId } = owner
  return {
    message: {
      id,
      channelId: room.channelId,
      authorId: message.entityId,
      content: content.text ?? '',
      rawMessage: content as JsonObject,
      inReplyTo: null,
      sourceType: room.source,
      externalId: message.id ?? null,
      bodyHash: null,
      metadata: plainJson(message.metadata ?? {}),
    },
    hearers: [
      {
        agentId,
        roomId: room.id,
        worldId: room.worldId,
        entityId: message.entityId,
        turnId: randomUUID(),
        memoryId: message.id && isUuid(message.id) ? message.id : createUniqueUuid(agentId, id),
        overlap,
      },
    ],
    memory: content as JsonObject,
    deadlineMs,
  }
}

async function repeatOf({ db }: PluginMessageParts, { message }: AcceptInput): Promise<string> {
  const { channelId, authorId, externalId } = message
  const known = await db
    .selectFrom('messages')
    .select('id')
    .where('channel_id', '=', channelId)
    .where('author_id', '=', authorId)
    .where('external_id', '=', externalId)
    .executeTakeFirst()
  const [turn] = known ? await turnsOfMessage(db, known.id) : []
  if (!turn) throw new ConflictError('The message was heard by an agent that was deleted since.')
  return turn.id
}

interface Sending {
  readonly target: ElizaTarget
  readonly content: ElizaContent
  readonly handler: Parameters<HostMessages['send']>[2]
}

/** By our outbox where the room has a connector or is one of our own clients'; else by the plugin's handler. */
async function send(
  parts: PluginMessageParts,
  owner: Owner,
  { target, content, handler }: Sending,
): Promise<void> {
  const { agentId } = owner
  const hasConnector = parts.connectors.for(target.source, agentId) !== undefined
  if (handler && !hasConnector) return void (await handler(owner.runtime(), target, content))
  const roomId =
    target.roomId ?? (target.channelId ? createUniqueUuid(agentId, target.channelId) : '')
  const [room] = await parts.records.of(agentId).rooms([roomId])
  if (!room) throw noRoom(target)
  const turn = currentScope()?.turn
  const id = turn
    ? stringToUuid(`${turn.runId}:${turn.step}:send:${turn.next('send')}`)
    : randomUUID()
  const write = {
    kind: 'message.send',
    ...{ id, memoryId: createUniqueUuid(agentId, id), roomId },
    content: storableJson(plainJson(content)) as Content,
    outboxSource: hasConnector ? target.source : null,
  } as const
  const work = turn && currentScope()?.state === 'open' ? workOf(turn) : undefined
  if (work) return work.write(write)
  await parts.records.commit(agentId, [write])
  if (hasConnector) await parts.startDelivery({ roomId, agentId }).catch(() => undefined) // the sweeper's
}

const noRoom = ({ source, roomId, channelId }: ElizaTarget) =>
  new ConflictError(
    `Nothing can be sent to '${roomId ?? channelId ?? source}': the agent has no such room, and no plugin ` +
      `registered a send handler for '${source}'. Make the room with ensureRoomExists, or load the plugin.`,
  )

const nameIn = ({ content, metadata }: ElizaMemory): string | undefined => {
  const names = [metadata?.entityName, metadata?.displayName, content.userName, content.name]
  return names.find((name): name is string => typeof name === 'string' && name !== '')
}

/** What of it is JSON: functions, streams and the like are left out. */
const plainJson = (value: unknown): JsonObject => JSON.parse(JSON.stringify(value ?? {}))
