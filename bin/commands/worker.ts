import { type CommandInput, EXIT } from '../../cli/command.ts'
import { importCharacters } from '../import-characters.ts'
import { openProduction } from '../open-production.ts'
import { startWorker } from '../roles.ts'

/** Runs turns. Any number of these may work side by side. */
export async function run(input: CommandInput): Promise<number> {
  const { config, values, io } = input
  const { assembly, logger, closers, shutdown } = await openProduction(input, 'worker')
  try {
    const say = (text: string) => io.stderr.write(`${text}\n`)
    // Named files may hold code, which the database does not have.
    if (values.character.length > 0) await importCharacters(assembly.agents, values.character, say)
    assembly.sweep({ intervalMs: config.sweepIntervalMs, graceMs: config.graceMs })
    const worker = await startWorker(assembly, config, shutdown.signal)
    if (!worker) return EXIT.ok
    closers.add('worker', () => worker.stop())
    logger.info({ taskQueue: config.taskQueue, pid: process.pid }, 'Worker is polling.')
    await Promise.race([shutdown.requested, worker.ended])
    logger.info('Shutting down: waiting for running steps.')
    return EXIT.ok
  } finally {
    await closers.close((name, err) => logger.error({ err }, `Could not close: ${name}`))
    shutdown.release()
  }
}
