import { setTimeout as delay } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Database } from '../schema/database.ts'
import { badEndings } from '../turns/agent-loads.ts'
import type { Cluster } from './cluster.ts'
import { createLoadMeter, type LoadSample, overload } from './load-watch.ts'
import type { Pools } from './pools.ts'
import type { Emit, Roster } from './roster.ts'
import { ElizaOSEventType } from './system-events.ts'

export interface WatchedSystem {
  readonly db: Kysely<Database>
  readonly roster: Roster
  readonly pools: Pools
  readonly cluster: () => Cluster | undefined
  readonly emit: Emit
  onError(error: unknown, what: string): void
}

export interface SystemWatch {
  readonly load: () => LoadSample
  stop(): Promise<void>
}

const LOOK_MS = 2_000
/** A transaction that took so long is still seen: its rows carry the time of its statement. */
const OVERLAP_MS = 5_000

/** Looks at the system every two seconds, tells what has become of it, and scales. */
export function watchSystem(system: WatchedSystem): SystemWatch {
  const stopping = new AbortController()
  const meter = createLoadMeter()
  const endings = createEndingsWatch(system)
  let load: LoadSample = { eventLoopMs: 0, cpu: 0, queued: 0 }
  let isOverloaded = false
  let hasFailed = false
  const look = async () => {
    await system.roster.refresh()
    await endings()
    load = { ...meter.read(), queued: queuedOf(system.roster) }
    const reason = overload(load)
    if (reason && !isOverloaded) {
      system.emit(ElizaOSEventType.SYSTEM_OVERLOADED, { reason, ...load })
    }
    isOverloaded = reason !== undefined
    system.cluster()?.scale(load)
    await system.pools.scale()
  }
  const run = async () => {
    while (!stopping.signal.aborted) {
      await delay(LOOK_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (stopping.signal.aborted) return
      try {
        await look()
        hasFailed = false
      } catch (error) {
        // Once for as long as it lasts: an outage of Postgres is one error, not one every two seconds.
        if (!hasFailed) system.onError(error, 'The system could not be looked at.')
        hasFailed = true
      }
    }
  }
  const running = run()
  return {
    load: () => load,
    async stop() {
      stopping.abort()
      await running
      meter.stop()
    },
  }
}

const queuedOf = (roster: Roster) => roster.all().reduce((sum, { queued }) => sum + queued, 0)

/** Tells of each turn that ended badly, once. */
function createEndingsWatch({ db, emit }: WatchedSystem): () => Promise<void> {
  const told = new Map<string, number>()
  let since = Date.now()
  return async () => {
    for (const { turnId, agentId, code, error, at } of await badEndings(db, new Date(since))) {
      const key = `${turnId} ${at.getTime()}`
      if (told.has(key)) continue
      told.set(key, at.getTime())
      emit(ElizaOSEventType.AGENT_ERROR, { agentId, turnId, code, error })
      since = Math.max(since, at.getTime() - OVERLAP_MS)
    }
    for (const [key, at] of told) if (at < since) told.delete(key)
  }
}
