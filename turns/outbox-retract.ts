import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'

/** What became of a turn's messages to a chat platform, by number. */
export interface Retraction {
  /** Taken back: nobody has seen them. */
  readonly retracted: number
  /** On their way: they cannot be stopped any more. */
  readonly sending: number
  readonly sent: number
}

/** Takes back what a turn has not sent yet. A row that is being sent goes out. */
export async function retractPending(db: Kysely<Database>, turnId: string): Promise<Retraction> {
  const taken = await sql`
    update outbox set state = 'retracted' where turn_id = ${turnId} and state = 'pending'
    returning 1 as taken`.execute(db)
  const { rows } = await sql<{ sending: number; sent: number }>`
    select count(*) filter (where state = 'sending')::int as sending,
      count(*) filter (where state = 'sent')::int as sent
    from outbox where turn_id = ${turnId}`.execute(db)
  const { sending = 0, sent = 0 } = rows[0] ?? {}
  return { retracted: taken.rows.length, sending, sent }
}
