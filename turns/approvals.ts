import { type Kysely, sql } from 'kysely'
import type { FoundApproval, PendingApproval } from '../agent/approvals.ts'
import type { ApprovalState } from '../schema/approval.ts'
import type { Database } from '../schema/database.ts'
import type { PageCursor } from '../schema/page-cursor.ts'

/** A page of approvals, newest first. */
export interface ApprovalPage {
  readonly agentId?: string
  readonly state?: ApprovalState
  readonly channelId?: string
  readonly turnId?: string
  readonly limit: number
  readonly before?: PageCursor
}

export function listApprovals(db: Kysely<Database>, page: ApprovalPage) {
  let query = db
    .selectFrom('approvals')
    .selectAll()
    .select(sql<string>`(extract(epoch from requested_at) * 1000000)::bigint::text`.as('at_micros'))
    .orderBy('requested_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit)
  if (page.agentId !== undefined) query = query.where('agent_id', '=', page.agentId)
  if (page.channelId !== undefined) query = query.where('channel_id', '=', page.channelId)
  if (page.turnId !== undefined) query = query.where('turn_id', '=', page.turnId)
  if (page.state !== undefined) query = query.where('state', '=', page.state)
  if (page.before !== undefined) {
    const { atMicros, id } = page.before
    query = query.where(sql<boolean>`(requested_at, id) <
      (timestamptz 'epoch' + ${atMicros}::bigint * interval '1 microsecond', ${id}::uuid)`)
  }
  return query.execute()
}

export function findApproval(db: Kysely<Database>, id: string) {
  return db.selectFrom('approvals').selectAll().where('id', '=', id).executeTakeFirst()
}

/** As the step asks that needs it. */
export async function approvalOfStep(
  db: Kysely<Database>,
  id: string,
): Promise<FoundApproval | undefined> {
  const row = await findApproval(db, id)
  if (!row) return undefined
  const { state, parameters, answered_by: answeredBy, comment } = row
  return { id, state, parameters, answeredBy, comment }
}

/** `rooms as r` and `approvals as a`: whether an entity is let. ElizaOS keeps roles in the world. */
const mayAnswer = (entityId: string) => sql`
  (a.approvable_by = 'anyone' or exists (
    select from worlds w where w.id = r.world_id and (
      upper(w.metadata -> 'roles' ->> ${entityId}::text) in ('OWNER', 'ADMIN')
      or w.metadata -> 'ownership' ->> 'ownerId' = ${entityId}::text)))
  and ${entityId}::text <> a.agent_id::text`

/** What waits in a room for an answer that an entity may give, oldest first. At most 20. */
export async function pendingApprovals(
  db: Kysely<Database>,
  { roomId, entityId }: { roomId: string; entityId: string },
): Promise<PendingApproval[]> {
  const { rows } = await sql<PendingApproval>`
    select a.id, a.action, a.parameters, a.question
    from approvals a join rooms r on r.id = a.room_id
      join turns t on t.id = a.turn_id and t.gen = a.gen and t.state = 'waiting_approval'
    where a.room_id = ${roomId} and a.state = 'pending' and ${mayAnswer(entityId)}
    order by a.requested_at limit 20`.execute(db)
  return rows
}

/** Whether an entity of the room may answer it, pending or not. */
export async function isAnswerable(
  db: Kysely<Database>,
  { id, roomId, entityId }: { id: string; roomId: string; entityId: string },
): Promise<boolean> {
  const { rows } = await sql`
    select 1 as found from approvals a join rooms r on r.id = a.room_id
    where a.id = ${id} and a.room_id = ${roomId} and ${mayAnswer(entityId)}`.execute(db)
  return rows.length > 0
}

/** Nobody needs to answer any more, because the turn has ended. Needs the room's lock. */
export async function cancelApprovals(trx: Kysely<Database>, turnId: string): Promise<void> {
  await sql`
    update approvals set state = 'cancelled', answered_at = clock_timestamp()
    where turn_id = ${turnId} and state = 'pending'`.execute(trx)
}
