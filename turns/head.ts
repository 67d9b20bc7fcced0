import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { HeadTurn } from '../schema/turn.ts'

interface HeadRow {
  id: string
  gen: number
  agent_id: string
  room_id: string
  deadline_at: Date
}

export const toHeadTurn = (row: HeadRow): HeadTurn => ({
  turnId: row.id,
  gen: row.gen,
  agentId: row.agent_id,
  roomId: row.room_id,
  deadlineAt: row.deadline_at.getTime(),
})

/** Locks a room until the transaction ends. A statement of its own: see `accept`. */
export async function lockRoom(trx: Kysely<Database>, roomId: string): Promise<void> {
  await trx.selectFrom('rooms').select('id').where('id', '=', roomId).forNoKeyUpdate().execute()
}

/** Locks a room and then one of its turns, whose steps cannot be claimed until the transaction ends. */
export async function lockRoomAndTurn(
  trx: Kysely<Database>,
  { roomId, turnId }: { roomId: string; turnId: string },
): Promise<void> {
  await trx
    .selectFrom('rooms')
    .innerJoin('turns', 'turns.room_id', 'rooms.id')
    .select('rooms.id')
    .where('rooms.id', '=', roomId)
    .where('turns.id', '=', turnId)
    .forNoKeyUpdate()
    .execute()
}

/** The room's head if it waits to be started, for no burst to end, and its agent runs. */
export async function startableHead(
  db: Kysely<Database>,
  roomId: string,
): Promise<HeadTurn | undefined> {
  const { rows } = await sql<HeadRow & { state: string; active: boolean; ready: boolean }>`
    select t.id, t.gen, t.agent_id, t.room_id, t.deadline_at, t.state, a.status = 'active' as active,
      coalesce(t.ready_at <= clock_timestamp(), true) as ready
    from turns t join agents a on a.id = t.agent_id
    where t.room_id = ${roomId} and t.state in ('queued', 'running')
    order by t.seq limit 1`.execute(db)
  const head = rows[0]
  return head?.state === 'queued' && head.active && head.ready ? toHeadTurn(head) : undefined
}
