import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { JsonObject } from '../schema/json.ts'
import type { PageCursor } from '../schema/page-cursor.ts'
import type { TurnState } from '../schema/turn.ts'

export type DeadLetterState = NonNullable<Database['turns']['dead_letter']>

export interface DeadLetterPage {
  readonly limit: number
  readonly agentId?: string
  /** Undefined: whatever became of them. */
  readonly state?: DeadLetterState
  readonly before?: PageCursor
}

export interface DeadLetterRow {
  readonly id: string
  readonly gen: number
  readonly agent_id: string
  readonly room_id: string
  readonly channel_id: string
  readonly message_id: string
  readonly author_id: string | null
  /** The message; null when it is gone. */
  readonly text: string | null
  readonly metadata: JsonObject | null
  readonly dead_letter: DeadLetterState
  readonly at_micros: string
  readonly state: TurnState
  readonly code: string | null
  readonly error: string | null
  readonly has_unknown_effect: boolean
  readonly accepted_at: Date
}

/** Newest first. */
export async function listDeadLetters(
  db: Kysely<Database>,
  { limit, agentId, state, before }: DeadLetterPage,
): Promise<DeadLetterRow[]> {
  const cursor =
    before &&
    sql`and (t.dead_letter_at, t.id) <
      (timestamptz 'epoch' + ${before.atMicros}::bigint * interval '1 microsecond', ${before.id}::uuid)`
  const { rows } = await sql<DeadLetterRow>`
    ${rowsOf} where t.dead_letter is not null
      and (${agentId ?? null}::uuid is null or t.agent_id = ${agentId ?? null}::uuid)
      and (${state ?? null}::text is null or t.dead_letter = ${state ?? null})
      ${cursor ?? sql``}
    order by t.dead_letter_at desc, t.id desc limit ${limit}`.execute(db)
  return rows
}

/** Undefined when the turn does not exist, or never ended badly. */
export async function findDeadLetter(
  db: Kysely<Database>,
  turnId: string,
): Promise<DeadLetterRow | undefined> {
  const { rows } = await sql<DeadLetterRow>`
    ${rowsOf} where t.id = ${turnId} and t.dead_letter is not null`.execute(db)
  return rows[0]
}

/** A retry takes code and reason from the turn; what was done about it keeps them. */
const rowsOf = sql`
  select t.id, t.gen, t.agent_id, t.room_id, t.channel_id, t.message_id, m.author_id, m.content as text, m.metadata,
    t.dead_letter, (extract(epoch from t.dead_letter_at) * 1000000)::bigint::text as at_micros, t.state,
    coalesce(t.code, last.code) as code, coalesce(t.error, last.error) as error,
    t.has_unknown_effect, t.accepted_at
  from turns t left join messages m on m.id = t.message_id
  left join lateral (
    select a.code, a.error from dead_letter_acts a where a.turn_id = t.id order by a.id desc limit 1
  ) last on true`

/** What operators did about a turn, oldest first. */
export function actsAbout(db: Kysely<Database>, turnId: string) {
  return db
    .selectFrom('dead_letter_acts')
    .selectAll()
    .where('turn_id', '=', turnId)
    .orderBy('id')
    .execute()
}
