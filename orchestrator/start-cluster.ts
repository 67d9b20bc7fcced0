import { setTimeout as delay } from 'node:timers/promises'
import { type Cluster, createCluster } from './cluster.ts'
import type { House } from './house.ts'
import { settingsOf } from './load-settings.ts'
import type { ElizaOSConfig } from './options.ts'
import { spawnWorker } from './worker-process.ts'

/** Worker processes on the Task Queue of this system, with the settings of its constructor. */
export function startCluster(
  options: ElizaOSConfig,
  house: Pick<House, 'logger' | 'closers' | 'temporalAddress'>,
  drainMs: number,
): Cluster {
  const { workers = 1, autoScale = false, scaleThreshold = 0.8 } = options.clusterConfig ?? {}
  const { maxWorkers = 4 * workers } = options.clusterConfig ?? {}
  const { temporalAddress } = house
  const env = {
    ...process.env,
    ...settingsOf(options),
    ...(temporalAddress === undefined ? {} : { TEMPORAL_ADDRESS: temporalAddress }),
  }
  const cluster = createCluster(
    { workers, maxWorkers, autoScale, scaleThreshold },
    {
      spawn: () => spawnWorker(env, drainMs),
      pause: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
      now: () => performance.now(),
      log: house.logger,
    },
  )
  house.closers.add('worker processes', () => cluster.stop())
  return cluster
}
