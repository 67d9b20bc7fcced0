import { setTimeout as delay } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Database } from '../schema/database.ts'
import { runningTurns } from '../turns/running.ts'

const POLL_MS = 50

/**
 * Waits until the turns that run now have ended, at most `limitMs`: a Worker that stops finishes its
 * steps, but takes no Workflow Task any more that would settle them. Those that begin meanwhile are
 * not waited for; the next start goes on with them.
 */
export async function drainTurns(db: Kysely<Database>, limitMs: number): Promise<void> {
  const until = Date.now() + limitMs
  let running = await runningTurns(db)
  while (running.length > 0 && Date.now() < until) {
    await delay(POLL_MS)
    running = await runningTurns(db, running)
  }
}
