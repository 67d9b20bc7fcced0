import type { Kysely } from 'kysely'
import type { ApiLog } from '../../api/deps.ts'
import type { Database } from '../../schema/database.ts'
import type { HeadTurn } from '../../schema/turn.ts'
import type { LaterHead, OverlapEffects } from '../../turns/apply-overlap.ts'
import type { CancelRequest } from '../../turns/cancel.ts'
import type { Retraction } from '../../turns/outbox-retract.ts'
import type { Around } from './around.ts'

/** What the API's ports share. */
export interface ApiParts {
  readonly db: Kysely<Database>
  readonly log: ApiLog
  readonly turnDeadlineMs: number
  /** Starts a head in the background: a failure is logged, and the sweeper starts it. */
  kick(head: HeadTurn): void
  /** Starts a room's head when its burst is over. */
  kickLater(later: LaterHead): void
  /** Tells the Workflows of turns that were stopped or steered, and whoever watches ended ones. */
  announce(effects: Omit<OverlapEffects, 'later'>): void
  /** Cancels wherever the turn stands. Idempotent. */
  cancelTurn(request: CancelRequest): Promise<Retraction | undefined>
  /** Stands around every message that comes in through this process. @default nothing does */
  readonly around?: Around
}
