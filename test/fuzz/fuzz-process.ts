/** An `api` or a `worker` as bin/commands runs them, with the fuzzer's plugin and platforms. */
import { readFileSync } from 'node:fs'
import { type Assembly, assemble } from '../../bin/assembly.ts'
import { installTemporalRuntime, startApi } from '../../bin/roles.ts'
import { migrate } from '../../database/migrate.ts'
import { openDatabase } from '../../database/open.ts'
import { createLogger } from '../../observability/log.ts'
import type { LoadedConfig } from '../../schema/config.ts'
import { loadConfig } from '../../schema/load-config.ts'
import { createAgentWorker } from '../../workers/agent-worker.ts'
import { fuzzPlugin } from './fuzz-plugin.ts'
import { platformSenders } from './platform-senders.ts'
import { READY, SEAT_VARIABLE, type Seat } from './seat.ts'

// The runner holds the other end: without it nobody would end this process.
process.stdin.on('end', () => process.exit(3)).resume()
const terminated = new Promise<void>((resolve) => process.once('SIGTERM', () => resolve()))

const seat = JSON.parse(process.env[SEAT_VARIABLE] ?? '{}') as Seat // written by slot.ts
const loaded = loadConfig({ env: process.env })
const assembly = await open(loaded, seat)
const { config } = loaded
assembly.sweep({ intervalMs: config.sweepIntervalMs, graceMs: config.graceMs })
await (seat.role === 'api' ? serve(assembly, loaded) : work(assembly, loaded))
await assembly.close()
process.exit(0)

async function open({ config }: LoadedConfig, { role, platformUrl }: Seat): Promise<Assembly> {
  const logger = createLogger({ level: 'info', pretty: false, logContent: true, secrets: [] })
  installTemporalRuntime(logger)
  const { postgresUrl = '', postgresPool: poolSize, secretSalt = '' } = config
  const database = await openDatabase({ postgresUrl, poolSize })
  await migrate(database)
  return assemble({
    ...{ config, logger, database, salt: secretSalt, elizaTypingMs: 0 },
    hasWorker: role === 'worker',
    connectors: { for: platformSenders(platformUrl) },
    plugins: [fuzzPlugin(platformUrl)],
  })
}

async function serve(opened: Assembly, loadedConfig: LoadedConfig): Promise<void> {
  const closing = new AbortController()
  const server = await startApi(opened, {
    ...{ loaded: loadedConfig, uiUrl: undefined, environment: 'production' },
    closing: closing.signal,
  })
  process.stdout.write(`${READY}${server.url}\n`)
  await terminated
  closing.abort()
  await server.close(loadedConfig.config.drainMs)
}

async function work({ temporal, ports }: Assembly, { config }: LoadedConfig): Promise<void> {
  const { connection, namespace } = await temporal.connection()
  const worker = await createAgentWorker(ports, {
    ...{ connection, namespace, taskQueue: config.taskQueue, drainMs: config.drainMs },
    heartbeatThrottleMs: config.heartbeatThrottleMs,
    workflowBundle: { code: readFileSync(seat.bundleFile, 'utf8') },
  })
  const running = worker.run()
  process.stdout.write(`${READY}\n`)
  await Promise.race([terminated, running])
  if (worker.getState() === 'RUNNING') worker.shutdown()
  await running
}
