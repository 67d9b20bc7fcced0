import { type Kysely, sql } from 'kysely'
import type { PendingApproval } from '../agent/approvals.ts'
import type { Database } from '../schema/database.ts'
import type { JsonObject } from '../schema/json.ts'
import type { TurnState } from '../schema/turn.ts'

export type TurnRow = Awaited<ReturnType<typeof findTurn>>

/** The turn's row, as it stands. */
export function findTurn(db: Kysely<Database>, turnId: string) {
  return db.selectFrom('turns').selectAll().where('id', '=', turnId).executeTakeFirst()
}

/** How turns stand, with their replies: what a waiting caller asks for. In no order. */
export async function findResults(db: Kysely<Database>, turnIds: readonly string[]) {
  const { rows } = await sql<{
    id: string
    gen: number
    agent_id: string
    state: TurnState
    code: string | null
    answered_by: string | null
    reply: JsonObject | null
    reply_memory_id: string | null
    approval: PendingApproval | null
  }>`
    select t.id, t.gen, t.agent_id, t.state, t.code, m.content as reply, t.reply_memory_id,
      case when t.state = 'waiting_approval' then (
        select jsonb_build_object('id', a.id, 'action', a.action, 'parameters', a.parameters, 'question', a.question)
        from approvals a where a.turn_id = t.id and a.state = 'pending' limit 1) end as approval,
      case when t.state in ('merged', 'superseded') then t.answered_by end as answered_by
    from turns t left join memories m on m.id = t.reply_memory_id
    where t.id = any(${[...turnIds]}::uuid[])`.execute(db)
  return rows
}

/** The turns that a message began, in the order in which the channel's agents joined. */
export function turnsOfMessage(db: Kysely<Database>, messageId: string) {
  return db
    .selectFrom('turns as t')
    .leftJoin('channel_participants as p', (join) =>
      join.onRef('p.channel_id', '=', 't.channel_id').onRef('p.entity_id', '=', 't.agent_id'),
    )
    .select(['t.id', 't.agent_id', 't.state'])
    .where('t.message_id', '=', messageId)
    .orderBy('p.position')
    .execute()
}

export interface TurnPage {
  readonly limit: number
  /** Milliseconds since the epoch. */
  readonly before?: number
  readonly state?: TurnState
  /** Forks as well. @default false */
  readonly withForks?: boolean
}

/** An agent's turns, newest first. */
export function listTurns(db: Kysely<Database>, agentId: string, page: TurnPage) {
  let query = db
    .selectFrom('turns')
    .select(['id', 'room_id', 'channel_id', 'state', 'code', 'accepted_at', 'settled_at'])
    .where('agent_id', '=', agentId)
    .orderBy('accepted_at', 'desc')
    .limit(page.limit)
  if (page.before !== undefined) query = query.where('accepted_at', '<', new Date(page.before))
  if (page.state !== undefined) query = query.where('state', '=', page.state)
  if (!page.withForks) query = query.where('fork_of', 'is', null)
  return query.execute()
}

/** Everything a turn wrote about itself: steps, prompts and model calls, oldest first. */
export async function findTrace(db: Kysely<Database>, turnId: string) {
  const [steps, prompts, calls] = await Promise.all([
    db
      .selectFrom('steps')
      .selectAll()
      .where('turn_id', '=', turnId)
      .orderBy('started_at')
      .execute(),
    db
      .selectFrom('prompts')
      .selectAll()
      .where('turn_id', '=', turnId)
      .orderBy('created_at')
      .execute(),
    db
      .selectFrom('model_calls')
      .selectAll()
      .where('turn_id', '=', turnId)
      .orderBy('created_at')
      .execute(),
  ])
  return { steps, prompts, calls }
}

/** Turns of an agent that have not ended, for its deletion. */
export function activeTurns(db: Kysely<Database>, agentId: string) {
  return db
    .selectFrom('turns')
    .select(['id', 'gen', 'room_id', 'state'])
    .where('agent_id', '=', agentId)
    .where('state', 'in', ['queued', 'running', 'waiting_approval'])
    .limit(1_000)
    .execute()
}

/** What a turn said in its own room, in order: what it sent to other rooms is not its answer. */
export function messagesOfTurn(db: Kysely<Database>, turnId: string) {
  return db
    .selectFrom('messages as m')
    .innerJoin('turns as t', (join) =>
      join.onRef('t.id', '=', 'm.turn_id').onRef('t.channel_id', '=', 'm.channel_id'),
    )
    .select(['m.id', 'm.raw_message as content', 'm.created_at'])
    .where('t.id', '=', turnId)
    .whereRef('m.created_at', '>=', 't.accepted_at') // there is an index of a channel by time
    .where('m.source_type', '=', 'agent_response')
    .orderBy('m.created_at')
    .orderBy('m.id')
    .execute()
}
