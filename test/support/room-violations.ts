import { type Kysely, sql } from 'kysely'
import type { Database } from '../../schema/database.ts'
import type { TrafficReport } from './room-traffic.ts'

type Db = Kysely<Database>

/** The rules of a room's queue that were broken, in sentences. To be asked when all is quiet. */
export async function violations(db: Db, report: TrafficReport): Promise<string[]> {
  return [
    ...report.errors.map((error) => `an error escaped: ${error}`),
    ...endedNotOnce(report),
    ...(await lostTurns(db, report)),
    ...(await lostWakeUps(db)),
    ...(await overlaps(db)),
    ...(await brokenNumbers(db)),
    ...(await brokenReplies(db)),
    ...(await secondTurns(db)),
  ]
}

function endedNotOnce({ accepted, endings }: TrafficReport): string[] {
  return accepted
    .filter((turnId) => endings.get(turnId) !== 1)
    .map((turnId) => `the turn ${turnId} was ended ${endings.get(turnId) ?? 0} times`)
}

async function lostTurns(db: Db, { accepted }: TrafficReport): Promise<string[]> {
  const rows = await db.selectFrom('turns').select('id').execute()
  const stored = new Set(rows.map(({ id }) => id))
  const promised = new Set(accepted)
  return [
    ...accepted.filter((id) => !stored.has(id)).map((id) => `the turn ${id} is not stored`),
    ...[...stored].filter((id) => !promised.has(id)).map((id) => `nobody was told of ${id}`),
  ]
}

/** Nobody works any more, so whoever still waits was forgotten. */
async function lostWakeUps(db: Db): Promise<string[]> {
  const { rows } = await sql<{ id: string; state: string }>`
    select id, state from turns where state in ('queued', 'running')`.execute(db)
  return rows.map(({ id, state }) => `lost wake-up: the turn ${id} is still ${state}`)
}

/** Postgres' own clock, read inside the statements: the successor starts after the release. */
async function overlaps(db: Db): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from (
      select id, started_at, max(settled_at) over earlier as released_at
      from turns window earlier as (
        partition by room_id order by seq rows between unbounded preceding and 1 preceding)
    ) as t where started_at < released_at`.execute(db)
  return rows.map(({ id }) => `the turn ${id} began before the one ahead of it had ended`)
}

async function brokenNumbers(db: Db): Promise<string[]> {
  const { rows } = await sql<{ id: string; turns: number; first: number; last: number }>`
    select r.id, count(t.id)::int as turns, min(t.seq)::int as first, max(t.seq)::int as last
    from rooms r join turns t on t.room_id = r.id group by r.id, r.last_seq
    having min(t.seq) <> 1 or max(t.seq) <> count(t.id) or r.last_seq <> count(t.id)`.execute(db)
  return rows.map((room) => `the numbers of a room have gaps: ${JSON.stringify(room)}`)
}

async function brokenReplies(db: Db): Promise<string[]> {
  const { rows } = await sql<{ id: string; replies: number; memories: number }>`
    select t.id,
      (select count(*)::int from messages m where m.turn_id = t.id and m.raw_message ->> 'text' = 'Good morning.')
        as replies,
      (select count(*)::int from memories m where m.turn_id = t.id and m.step = 'settle') as memories
    from turns t`.execute(db)
  return rows
    .filter(({ replies, memories }) => replies !== 1 || memories !== 1)
    .map((turn) => `a turn has not exactly one reply: ${JSON.stringify(turn)}`)
}

async function secondTurns(db: Db): Promise<string[]> {
  const { rows } = await sql<{ id: string; turns: number }>`
    select message_id as id, count(*)::int as turns from turns
    group by message_id, room_id having count(*) > 1`.execute(db)
  return rows.map((message) => `a message has a second turn: ${JSON.stringify(message)}`)
}
