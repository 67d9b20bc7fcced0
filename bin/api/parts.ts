import type { Kysely } from 'kysely'
import type { ApiLog } from '../../api/deps.ts'
import type { Database } from '../../schema/database.ts'
import type { HeadTurn } from '../../schema/turn.ts'

/** What the API's ports share. */
export interface ApiParts {
  readonly db: Kysely<Database>
  readonly log: ApiLog
  readonly turnDeadlineMs: number
  /** Starts a head in the background: a failure is logged, and the sweeper starts it. */
  kick(head: HeadTurn): void
  /** Cancels wherever the turn stands. Idempotent. */
  cancelTurn(turnId: string, roomId: string): Promise<void>
}
