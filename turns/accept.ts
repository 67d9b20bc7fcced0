import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { JsonObject } from '../schema/json.ts'
import type { HeadTurn, TurnState } from '../schema/turn.ts'

/** A message as it arrives, before it is stored. Text is storable already. */
export interface InboundMessage {
  readonly id: string
  readonly channelId: string
  readonly authorId: string
  readonly content: string
  readonly rawMessage: JsonObject
  readonly inReplyTo: string | null
  readonly sourceType: string
  readonly externalId: string | null
  readonly bodyHash: string | null
  readonly metadata: JsonObject
}

/** An agent that hears the message, and the ids under which it does. */
export interface Hearer {
  readonly agentId: string
  readonly roomId: string
  /** The author as this agent knows it. */
  readonly entityId: string
  readonly worldId: string
  readonly turnId: string
  readonly memoryId: string
}

export interface AcceptInput {
  readonly message: InboundMessage
  readonly hearers: readonly Hearer[]
  /** ElizaOS's Content of the memory. */
  readonly memory: JsonObject
  /** From now, queueing included. */
  readonly deadlineMs: number
}

export interface AcceptedTicket {
  readonly turnId: string
  readonly agentId: string
  readonly state: TurnState
}

export type Accepted =
  | {
      readonly kind: 'accepted'
      readonly createdAt: Date
      readonly tickets: readonly AcceptedTicket[]
      /** Heads of the rooms that wait to be started, ours or older ones. */
      readonly heads: readonly HeadTurn[]
    }
  /** The message is known under its external id. Nothing was written. */
  | { readonly kind: 'repeat' }
  /** A room does not exist (any more). Nothing was written. */
  | { readonly kind: 'room-missing' }

/**
 * Stores a message and queues one turn per hearer, in one transaction.
 *
 * The lock is a statement of its own: a statement that locks and reads at once reads a snapshot from
 * before the lock, and two senders would both see an empty room. `for no key update` because foreign
 * keys to the room take `for key share`, which `for update` would block until both sides deadlock.
 */
export function accept(db: Kysely<Database>, input: AcceptInput): Promise<Accepted> {
  return db.transaction().execute(async (trx) => {
    const seqs = await lockRooms(
      trx,
      input.hearers.map((hearer) => hearer.roomId),
    )
    if (seqs.size < input.hearers.length) return { kind: 'room-missing' }
    const rows = await insertTickets(trx, input, seqs)
    const first = rows[0]
    if (!first) return { kind: 'repeat' }
    return {
      kind: 'accepted',
      createdAt: first.created_at,
      tickets: rows.map((row) => ({ turnId: row.turn_id, agentId: row.agent_id, state: 'queued' })),
      heads: rows.flatMap(startableHead),
    }
  })
}

async function lockRooms(trx: Kysely<Database>, roomIds: readonly string[]) {
  const rows = await trx
    .selectFrom('rooms')
    .select(['id', 'last_seq'])
    .where('id', 'in', [...roomIds])
    .orderBy('id')
    .forNoKeyUpdate()
    .execute()
  return new Map(rows.map((row) => [row.id, row.last_seq]))
}

interface TicketRow {
  turn_id: string
  agent_id: string
  room_id: string
  deadline_at: Date
  created_at: Date
  head_id: string | null
  head_gen: number | null
  head_state: 'queued' | 'running' | null
  head_deadline_at: Date | null
}

async function insertTickets(
  trx: Kysely<Database>,
  { message, hearers, memory, deadlineMs }: AcceptInput,
  seqs: ReadonlyMap<string, number>,
): Promise<TicketRow[]> {
  const tickets = hearers.map((hearer) => ({ ...hearer, seq: (seqs.get(hearer.roomId) ?? 0) + 1 }))
  const { rows } = await sql<TicketRow>`
    with hearer as (
      select * from jsonb_to_recordset(${JSON.stringify(tickets)}::jsonb) as h(
        "agentId" uuid, "roomId" uuid, "entityId" uuid, "worldId" uuid, "turnId" uuid, "memoryId" uuid, seq bigint)
    ), ahead as (
      select distinct on (t.room_id) t.room_id, t.id, t.gen, t.state, t.deadline_at
      from turns t join hearer h on h."roomId" = t.room_id
      where t.state in ('queued', 'running')
      order by t.room_id, t.seq
    ), message as (
      insert into messages (id, channel_id, author_id, content, raw_message, in_reply_to, source_type,
        external_id, body_hash, metadata)
      values (${message.id}, ${message.channelId}, ${message.authorId}, ${message.content},
        ${JSON.stringify(message.rawMessage)}::jsonb, ${message.inReplyTo}, ${message.sourceType},
        ${message.externalId}, ${message.bodyHash}, ${JSON.stringify(message.metadata)}::jsonb)
      on conflict (channel_id, author_id, external_id) where external_id is not null do nothing
      returning id, created_at
    ), memory as (
      insert into memories (id, type, agent_id, room_id, world_id, entity_id, content, metadata, turn_id, step, created_at)
      select h."memoryId", 'messages', h."agentId", h."roomId", h."worldId", h."entityId",
        ${JSON.stringify(memory)}::jsonb, '{"type":"message"}'::jsonb, h."turnId", 'accept', m.created_at
      from hearer h cross join message m
    ), ticket as (
      insert into turns (id, agent_id, room_id, channel_id, message_id, memory_id, entity_id, seq, state,
        policy, ready_at, deadline_at)
      select h."turnId", h."agentId", h."roomId", ${message.channelId}::uuid, m.id, h."memoryId", h."entityId", h.seq,
        'queued', 'enqueue',
        case when exists (select from ahead a where a.room_id = h."roomId") then null else clock_timestamp() end,
        clock_timestamp() + ${deadlineMs}::float8 * interval '1 millisecond'
      from hearer h cross join message m
      returning id, agent_id, room_id, deadline_at
    ), moved as (
      update rooms r set last_seq = h.seq from hearer h, message m where r.id = h."roomId"
    )
    select t.id as turn_id, t.agent_id, t.room_id, t.deadline_at, m.created_at,
      a.id as head_id, a.gen as head_gen, a.state as head_state, a.deadline_at as head_deadline_at
    from ticket t cross join message m
    left join ahead a on a.room_id = t.room_id
    order by t.room_id`.execute(trx)
  return rows
}

/** The room's head, if nobody has admitted it yet. Starting it twice is harmless. */
function startableHead(row: TicketRow): HeadTurn[] {
  const place = { agentId: row.agent_id, roomId: row.room_id }
  if (row.head_id === null || row.head_gen === null || row.head_deadline_at === null) {
    return [{ turnId: row.turn_id, gen: 1, ...place, deadlineAt: row.deadline_at.getTime() }]
  }
  if (row.head_state === 'running') return []
  return [
    {
      turnId: row.head_id,
      gen: row.head_gen,
      ...place,
      deadlineAt: row.head_deadline_at.getTime(),
    },
  ]
}
