import { readFileSync } from 'node:fs'
import type { Connectors } from '../../agent/ports.ts'
import { type Assembly, assemble } from '../../bin/assembly.ts'
import { installTemporalRuntime } from '../../bin/roles.ts'
import { openDatabase } from '../../database/open.ts'
import { createLogger } from '../../observability/log.ts'
import type { LoadedConfig } from '../../schema/config.ts'
import { loadConfig } from '../../schema/load-config.ts'
import { createLoopbackClient } from '../support/loopback-client-connector.ts'
import { crashPlugin } from './crash-plugin.ts'
import { connectFailpoints, type Failpoints } from './failpoints.ts'
import { interceptDatabase } from './intercept-database.ts'
import { interceptPorts } from './intercept-ports.ts'
import { PLATFORMS } from './platform.ts'
import { SEAT_VARIABLE, type Seat } from './seat.ts'

export interface CrashProcess {
  readonly assembly: Assembly
  readonly loaded: LoadedConfig
  readonly failpoints: Failpoints
  readonly bundle: string
  /** Resolves at SIGTERM. */
  readonly ended: Promise<void>
}

/** The real composition of an `api` or a `worker`, with failpoints at its seams. */
export async function openCrashProcess(role: 'api' | 'worker'): Promise<CrashProcess> {
  const seat = JSON.parse(process.env[SEAT_VARIABLE] ?? '{}') as Seat // written by seated.ts
  const failpoints = await connectFailpoints(seat.controlPort, seat.name)
  const loaded = loadConfig({ env: process.env })
  const { config } = loaded
  const logger = createLogger({ level: 'info', pretty: false, logContent: true, secrets: [] })
  installTemporalRuntime(logger)
  const { postgresUrl = '', postgresPool: poolSize } = config
  const database = await openDatabase({ postgresUrl, poolSize })
  const assembly = await assemble({
    config,
    logger,
    database: interceptDatabase(database, failpoints),
    salt: 'a salt of the tests',
    hasWorker: role === 'worker',
    elizaTypingMs: 0,
    connectors: connectorsTo(seat.platformUrl),
    plugins: [crashPlugin(seat.platformUrl, failpoints)],
    intercept: (ports) => interceptPorts(ports, failpoints, role),
  })
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  process.once('SIGTERM', resolve)
  const bundle = role === 'worker' ? readFileSync(seat.bundleFile, 'utf8') : ''
  return { assembly, loaded, failpoints, bundle, ended }
}

/** One platform that is called as four: each tells a repeated message by something else. */
function connectorsTo(url: string): Connectors {
  const dedups = Object.keys(PLATFORMS) as (keyof typeof PLATFORMS)[] // the keys of a const
  const senders = dedups.map((dedup) => {
    const caps = { dedup, history: dedup === 'none' ? (false as const) : {} }
    return createLoopbackClient({ source: PLATFORMS[dedup], url, caps })
  })
  return { for: (source) => senders.find((sender) => sender.source === source) }
}
