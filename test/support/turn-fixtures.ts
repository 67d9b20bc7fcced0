import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { LoadedTurn, Reply, SettleInput, StepAttempt } from '../../agent/ports.ts'
import { insertAgent } from '../../memory/agents.ts'
import { ensureChannel } from '../../memory/channels.ts'
import { ensureConnections } from '../../memory/connections.ts'
import type { Database } from '../../schema/database.ts'
import { createUniqueUuid, DEFAULT_MESSAGE_SERVER_ID, replyIdOf } from '../../schema/ids.ts'
import { DEFAULT_OVERLAP } from '../../schema/overlap.ts'
import type { HeadTurn, Overlap, TurnRef } from '../../schema/turn.ts'
import { type AcceptInput, accept, type Hearer, type InboundMessage } from '../../turns/accept.ts'
import { admit } from '../../turns/admit.ts'

type Db = Kysely<Database>

/** One agent's side of a channel: what `accept` needs besides the message. */
export type TestRoom = Omit<Hearer, 'turnId' | 'memoryId' | 'overlap'>

/** A channel with one person in it, and a room per agent. */
export interface TestChannel {
  readonly channelId: string
  readonly authorId: string
  readonly rooms: readonly TestRoom[]
}

export async function createAgent(
  db: Db,
  status: 'active' | 'inactive' = 'active',
): Promise<string> {
  const id = randomUUID()
  const character = { name: 'Ada', bio: 'A companion.' }
  await insertAgent(db, { id, name: 'Ada', character, secrets: null, sourceHash: null, status })
  return id
}

export interface ChannelOptions {
  /** Default: one new agent. */
  readonly agentIds?: readonly string[]
  /** The rooms' platform; `client_chat` has no connector. */
  readonly source?: string
}

/** A new channel and its rooms, made by what the API makes them with. */
export async function createChannel(db: Db, options: ChannelOptions = {}): Promise<TestChannel> {
  const { agentIds = [await createAgent(db)], source = 'client_chat' } = options
  const channelId = randomUUID()
  const authorId = randomUUID()
  const messageServerId = DEFAULT_MESSAGE_SERVER_ID
  const place = { channelId, messageServerId, type: 'DM', source }
  const participants = [authorId, ...agentIds]
  await ensureChannel(db, {
    ...{ id: channelId, name: 'A test', type: 'DM', messageServerId, metadata: {} },
    participants,
  })
  const rooms = agentIds.map((agentId) => ({
    agentId,
    roomId: createUniqueUuid(agentId, channelId),
    worldId: createUniqueUuid(agentId, messageServerId),
    entityId: createUniqueUuid(agentId, authorId),
  }))
  const names = { agentName: 'Ada', channelName: 'A test', entityName: 'Sam' }
  await ensureConnections(
    db,
    rooms.map((room) => ({ ...place, ...names, ...room })),
  )
  return { channelId, authorId, rooms }
}

export interface MessageOptions {
  readonly text?: string
  readonly externalId?: string
  readonly metadata?: InboundMessage['metadata']
  /** From now; default 5 minutes. */
  readonly deadlineMs?: number
  /** @default enqueue */
  readonly overlap?: Overlap
}

/** A message to every agent of the channel, with new ids. */
export function messageTo(channel: TestChannel, options: MessageOptions = {}): AcceptInput {
  const { text = 'Hello', externalId = null, metadata = {}, deadlineMs = 300_000 } = options
  const id = randomUUID()
  const { channelId, authorId } = channel
  const place = { id, channelId, authorId, inReplyTo: null, sourceType: 'client_chat' }
  const body = { content: text, rawMessage: { message: text }, bodyHash: null }
  return {
    message: { ...place, ...body, externalId, metadata },
    hearers: channel.rooms.map((room) => ({
      ...room,
      turnId: randomUUID(),
      memoryId: createUniqueUuid(room.agentId, id),
      overlap: options.overlap ?? DEFAULT_OVERLAP,
    })),
    memory: { text, source: 'client_chat' },
    deadlineMs,
  }
}

/** Accepts a message and returns the first agent's turn, as the queue names it. */
export async function queueTurn(
  db: Db,
  channel: TestChannel,
  options?: MessageOptions,
): Promise<HeadTurn> {
  const input = messageTo(channel, options)
  const accepted = await accept(db, input)
  if (accepted.kind !== 'accepted') throw new Error('The message was taken for a repeat.')
  const ticket = accepted.tickets.find(({ agentId }) => agentId === channel.rooms[0]?.agentId)
  if (!ticket) throw new Error('The message has no turn.')
  const row = await turnRow(db, ticket.turnId)
  const { gen, agent_id: agentId, room_id: roomId, deadline_at: deadlineAt } = row
  return { turnId: row.id, gen, agentId, roomId, deadlineAt: deadlineAt.getTime() }
}

/** The run that `runTurn` admits: attempts of another run are refused. */
export const RUN_ID = 'run-1'

/** An attempt of a step, as Temporal would count it. */
export function attemptOf({ turnId, gen }: TurnRef, attempt = 1, runId = RUN_ID): StepAttempt {
  return { turnId, gen, runId, attempt, token: `${runId}/activity/${attempt}` }
}

/** Accepts a message in an idle room and admits its turn. */
export async function runTurn(
  db: Db,
  channel: TestChannel,
  options?: MessageOptions,
): Promise<LoadedTurn> {
  return admitTurn(db, await queueTurn(db, channel, options))
}

export async function admitTurn(db: Db, turn: TurnRef, runId = RUN_ID): Promise<LoadedTurn> {
  const admitted = await admit(db, attemptOf(turn, 1, runId))
  if (admitted.kind !== 'admitted') throw new Error(`The turn is ${JSON.stringify(admitted)}.`)
  return admitted.turn
}

/** The reply to a turn, under the ids that `settle` gives it. */
export function replyTo(
  turn: TurnRef & { readonly agentId: string },
  text = 'Good morning.',
  outboxSource: string | null = null,
): Reply {
  const messageId = replyIdOf(turn)
  const content = { text, thought: 'Polite.', actions: ['REPLY'] }
  return {
    messageId,
    memoryId: createUniqueUuid(turn.agentId, messageId),
    content,
    outboxSource,
  }
}

/** Settles as replied, unless told otherwise. */
export function settlementOf(turn: HeadTurn, given: Partial<SettleInput> = {}): SettleInput {
  const { turnId, gen, roomId } = turn
  const row = { turnId, gen, roomId, attempt: 1, token: `${RUN_ID}/settle/1` }
  return { ...row, state: 'replied', code: null, error: null, reply: replyTo(turn), ...given }
}

/** How a turn is named by the queue. */
export const headOf = ({ turnId, gen, agentId, room, deadlineAt }: LoadedTurn): HeadTurn => ({
  turnId,
  gen,
  agentId,
  roomId: room.id,
  deadlineAt,
})

export function turnRow(db: Db, turnId: string) {
  return db.selectFrom('turns').selectAll().where('id', '=', turnId).executeTakeFirstOrThrow()
}

/** The first of what there must be at least one of. */
export function first<T>([item]: readonly T[]): T {
  if (item === undefined) throw new Error('There is nothing.')
  return item
}

const TABLES = [
  ...['agents', 'rooms', 'entities', 'participants', 'relationships', 'channels', 'messages'],
  ...['memories', 'turns', 'steps', 'prompts', 'model_calls', 'outbox', 'deliveries'],
  'budget_usage',
  ...['outbox_parts', 'connector_pauses'],
  'evaluator_runs',
  'approvals',
]

/** Every row of the database by table, as text: two equal ones mean that nothing was written between. */
export async function contents(db: Db): Promise<Readonly<Record<string, readonly string[]>>> {
  const tables = await Promise.all(
    TABLES.map(async (table) => {
      const { rows } = await sql<{ line: string }>`
        select t::text as line from ${sql.table(table)} t order by 1`.execute(db)
      return [table, rows.map(({ line }) => line)] as const
    }),
  )
  return Object.fromEntries(tables)
}
