/** A `worker` as bin/commands/worker.ts runs it, whose agents can order things. */
import { appendFileSync } from 'node:fs'
import type { Action } from '../../agent/action.ts'
import type { Plugin } from '../../agent/plugin.ts'
import { assemble } from '../../bin/assembly.ts'
import { installTemporalRuntime, startWorker } from '../../bin/roles.ts'
import { listenForShutdown } from '../../bin/shutdown.ts'
import { openDatabase } from '../../database/open.ts'
import { createLogger } from '../../observability/log.ts'
import { loadConfig } from '../../schema/load-config.ts'
import { ORDERS_VARIABLE } from './orders.ts'

const order: Action = {
  name: 'ORDER',
  description: 'Orders a pizza, which nobody takes back.',
  effect: 'once',
  parameters: [{ name: 'pizza', description: 'Which one.' }],
  handler: async ({ key, say, parameters }) => {
    appendFileSync(process.env[ORDERS_VARIABLE] ?? '', `${key}\n`)
    say({ text: `Ordered: ${parameters.pizza}.` })
    return { success: true }
  },
}
const shop: Plugin = { name: 'shop', description: 'Orders.', actions: [order] }

const { config } = loadConfig({ env: process.env })
const logger = createLogger({ level: 'info', pretty: false, logContent: true, secrets: [] })
installTemporalRuntime(logger)
const shutdown = listenForShutdown()
const database = await openDatabase({ postgresUrl: config.postgresUrl ?? '' })
const { secretSalt: salt = '' } = config
const given = { config, logger, database, salt, hasWorker: true, elizaTypingMs: 0 }
const assembly = await assemble({ ...given, plugins: [shop] })
assembly.sweep({ intervalMs: config.sweepIntervalMs, graceMs: config.graceMs })
const worker = await startWorker(assembly, config, shutdown.signal)
logger.info('Worker is polling.')
await shutdown.requested
await worker?.stop()
await assembly.close()
process.exit(0)
