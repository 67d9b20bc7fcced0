import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { JsonObject } from '../schema/json.ts'
import type { HeadTurn, Overlap, TurnRef, TurnState } from '../schema/turn.ts'
import {
  activeTurns,
  applyOverlap,
  type LaterHead,
  type OverlapEffects,
  rejoin,
} from './apply-overlap.ts'
import { freshDeadline } from './deadline.ts'
import { startableHead as findHead } from './head.ts'
import { type OverlapPlan, planOverlap } from './overlap.ts'

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
  /** What the message does to the room's unfinished turns. */
  readonly overlap: Overlap
}

export interface AcceptInput {
  readonly message: InboundMessage
  readonly hearers: readonly Hearer[]
  /** ElizaOS's Content of the memory. */
  readonly memory: JsonObject
  /** From now, queueing included; an agent's own `turnDeadlineMs` wins. */
  readonly deadlineMs: number
  /** The message is there already: an agent said it, and others hear it. @default false */
  readonly isStored?: boolean
}

export interface AcceptedTicket {
  readonly turnId: string
  readonly agentId: string
  readonly state: TurnState
  /** The turn that answers for a merged message. */
  readonly answeredBy: string | null
}

export type Accepted =
  | {
      readonly kind: 'accepted'
      readonly createdAt: Date
      readonly tickets: readonly AcceptedTicket[]
      /** Heads of the rooms that wait to be started, ours or older ones. */
      readonly heads: readonly HeadTurn[]
      /** Rooms whose head waits for more of a burst. */
      readonly later: readonly LaterHead[]
      /** Running turns whose Workflow must be told to stop. */
      readonly stopped: readonly TurnRef[]
      /** Waiting turns that ended, because this message took their place. */
      readonly superseded: readonly TurnRef[]
      /** Running turns whose Workflow is told that a message waits for them. */
      readonly steered: readonly TurnRef[]
    }
  /** The message is known under its external id, or these agents have heard it. Nothing was written. */
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
    const plans = await planAll(trx, input.hearers)
    const rows = await insertTickets(trx, input, { seqs, plans })
    const first = rows[0]
    if (!first) return { kind: 'repeat' }
    const settled: SettledTicket[] = []
    // One after the other: a transaction that fails must have no statement under way behind it.
    for (const row of rows) settled.push(await settleTicket(trx, row, plans))
    const effects = settled.map(({ effects }) => effects)
    return {
      kind: 'accepted',
      createdAt: first.created_at,
      tickets: settled.map(({ ticket }) => ticket),
      heads: settled.flatMap(({ head }) => (head ? [head] : [])),
      later: effects.flatMap(({ later }) => later),
      stopped: effects.flatMap(({ stopped }) => stopped),
      superseded: effects.flatMap(({ superseded }) => superseded),
      steered: effects.flatMap(({ steered }) => steered),
    }
  })
}

type Plans = ReadonlyMap<string, OverlapPlan>

/** By turn. Without an entry the message just waits: the ticket's own statement finds its place. */
async function planAll(trx: Kysely<Database>, hearers: readonly Hearer[]): Promise<Plans> {
  const choosy = hearers.filter(({ overlap }) => overlap.policy !== 'enqueue')
  if (choosy.length === 0) return new Map()
  const active = await activeTurns(
    trx,
    choosy.map(({ roomId }) => roomId),
  )
  return new Map(
    choosy.map(({ turnId, roomId, entityId, overlap }) => [
      turnId,
      planOverlap(overlap, entityId, active.get(roomId) ?? []),
    ]),
  )
}

interface SettledTicket {
  readonly ticket: AcceptedTicket
  readonly head: HeadTurn | undefined
  readonly effects: OverlapEffects
}

const NO_EFFECTS: OverlapEffects = { later: [], stopped: [], superseded: [], steered: [] }

async function settleTicket(
  trx: Kysely<Database>,
  row: TicketRow,
  plans: Plans,
): Promise<SettledTicket> {
  const ticket = { turnId: row.turn_id, agentId: row.agent_id }
  const queued = { ...ticket, state: 'queued', answeredBy: null } as const
  const plan = plans.get(row.turn_id)
  if (!plan) return { ticket: queued, head: startableHead(row), effects: NO_EFFECTS }
  const place = { turnId: row.turn_id, roomId: row.room_id }
  if (plan.target && (await rejoin(trx, place, plan.target)) === 'admitted') {
    return { ticket: queued, head: undefined, effects: NO_EFFECTS }
  }
  const effects = await applyOverlap(trx, place, plan)
  const { state, target } = plan
  return {
    ticket: { ...ticket, state, answeredBy: target?.turnId ?? null },
    head: await findHead(trx, row.room_id),
    effects,
  }
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
  head_ready: boolean | null
  head_deadline_at: Date | null
}

async function insertTickets(
  trx: Kysely<Database>,
  { message, hearers, memory, deadlineMs, isStored }: AcceptInput,
  { seqs, plans }: { seqs: ReadonlyMap<string, number>; plans: Plans },
): Promise<TicketRow[]> {
  const tickets = hearers.map((hearer) => ({
    ...hearer,
    ...placeOf(plans.get(hearer.turnId)),
    policy: hearer.overlap.policy,
    seq: (seqs.get(hearer.roomId) ?? 0) + 1,
  }))
  const { rows } = await sql<TicketRow>`
    with hearer as (
      select * from jsonb_to_recordset(${JSON.stringify(tickets)}::jsonb) as h(
        "agentId" uuid, "roomId" uuid, "entityId" uuid, "worldId" uuid, "turnId" uuid, "memoryId" uuid, seq bigint,
        policy text, state text, place text, "answeredBy" uuid, "delayMs" float8)
    ), ahead as (
      select distinct on (t.room_id) t.room_id, t.id, t.gen, t.state, t.deadline_at,
        coalesce(t.ready_at <= clock_timestamp(), true) as ready
      from turns t join hearer h on h."roomId" = t.room_id
      where t.state in ('queued', 'running')
      order by t.room_id, t.seq
    ), message as (
      ${isStored ? unheardMessage(message.id) : newMessage(message)}
    ), memory as (
      insert into memories (id, type, agent_id, room_id, world_id, entity_id, content, metadata, turn_id, step, created_at)
      select h."memoryId", 'messages', h."agentId", h."roomId", h."worldId", h."entityId",
        ${JSON.stringify(memory)}::jsonb, '{"type":"message"}'::jsonb, h."turnId", 'accept', m.created_at
      from hearer h cross join message m
    ), ticket as (
      insert into turns (id, agent_id, room_id, channel_id, message_id, memory_id, entity_id, seq, state,
        policy, code, answered_by, settled_at, ready_at, deadline_at)
      select h."turnId", h."agentId", h."roomId", ${message.channelId}::uuid, m.id, h."memoryId", h."entityId", h.seq,
        h.state, h.policy, case when h.state = 'rejected' then 'room_busy' end, h."answeredBy",
        case when h.state <> 'queued' then clock_timestamp() end,
        case when h.state <> 'queued' or h.place = 'behind' then null
          when h.place is null and exists (select from ahead a where a.room_id = h."roomId") then null
          else clock_timestamp() + h."delayMs" * interval '1 millisecond' end,
        ${freshDeadline(sql`h."agentId"`, deadlineMs)}
      from hearer h cross join message m
      returning id, agent_id, room_id, deadline_at
    ), moved as (
      update rooms r set last_seq = h.seq from hearer h, message m where r.id = h."roomId"
    )
    select t.id as turn_id, t.agent_id, t.room_id, t.deadline_at, m.created_at,
      a.id as head_id, a.gen as head_gen, a.state as head_state, a.deadline_at as head_deadline_at,
      a.ready as head_ready
    from ticket t cross join message m
    left join ahead a on a.room_id = t.room_id
    order by t.room_id`.execute(trx)
  return rows
}

const newMessage = (message: InboundMessage) => sql`
  insert into messages (id, channel_id, author_id, content, raw_message, in_reply_to, source_type,
    external_id, body_hash, metadata)
  values (${message.id}, ${message.channelId}, ${message.authorId}, ${message.content},
    ${JSON.stringify(message.rawMessage)}::jsonb, ${message.inReplyTo}, ${message.sourceType},
    ${message.externalId}, ${message.bodyHash}, ${JSON.stringify(message.metadata)}::jsonb)
  on conflict (channel_id, author_id, external_id) where external_id is not null do nothing
  returning id, created_at`

/** Under the locks of the hearers' rooms, so that two who bring it bring it once. */
const unheardMessage = (id: string) => sql`
  select m.id, m.created_at from messages m
  where m.id = ${id} and not exists (
    select from turns t join hearer h on h."agentId" = t.agent_id where t.message_id = m.id)`

/** Null as the place: the statement looks. */
const placeOf = (plan: OverlapPlan | undefined) => ({
  state: plan?.state ?? 'queued',
  place: plan && (plan.isHead ? 'head' : 'behind'),
  answeredBy: plan?.target?.turnId,
  delayMs: plan?.delayMs ?? 0,
})

/** The room's head, if nobody has admitted it yet. Starting it twice is harmless. */
function startableHead(row: TicketRow): HeadTurn | undefined {
  const place = { agentId: row.agent_id, roomId: row.room_id }
  if (row.head_id === null || row.head_gen === null || row.head_deadline_at === null) {
    return { turnId: row.turn_id, gen: 1, ...place, deadlineAt: row.deadline_at.getTime() }
  }
  if (row.head_state === 'running' || row.head_ready !== true) return undefined
  const deadlineAt = row.head_deadline_at.getTime()
  return { turnId: row.head_id, gen: row.head_gen, ...place, deadlineAt }
}
