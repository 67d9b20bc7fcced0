import type { Kysely } from 'kysely'
import type { StepLog } from '../agent/ports.ts'
import { withinTime } from '../agent/within-time.ts'
import { withRetry } from '../database/failures.ts'
import type { Database } from '../schema/database.ts'
import { noteReached, noteSilence } from '../turns/outages.ts'
import type { SweeperPorts } from '../workers/sweeper.ts'
import type { TemporalLink } from './temporal-link.ts'

/** Temporal answers within milliseconds, or it is in trouble. Connecting anew is included. */
const PROBE_LIMIT_MS = 2_000

const AWAY = 'Temporal does not answer: turns wait, and their deadlines with them.'
const BACK = 'Temporal answers again: what it was away is added to the deadlines of waiting turns.'

/** Asks Temporal, and notes in Postgres what it said, for all processes. */
export function createProbe(
  db: Kysely<Database>,
  temporal: Pick<TemporalLink, 'workflows'>,
  log: StepLog,
): SweeperPorts['reached'] {
  const { signal } = new AbortController()
  const probe = async () => (await temporal.workflows()).probe(PROBE_LIMIT_MS)
  let wasReached = true
  return async (silence) => {
    const error = await withinTime(signal, PROBE_LIMIT_MS, probe).catch((cause: unknown) => cause)
    const isReached = error === undefined
    if (isReached) await withRetry(() => noteReached(db))
    else await noteSilence(db, silence)
    if (isReached !== wasReached) log.warn(undefined, isReached ? BACK : AWAY, error)
    wasReached = isReached
    return isReached
  }
}
