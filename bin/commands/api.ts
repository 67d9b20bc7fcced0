import { type CommandInput, EXIT } from '../../cli/command.ts'
import { importCharacters } from '../import-characters.ts'
import { openProduction } from '../open-production.ts'
import { startApi } from '../roles.ts'

/** Serves the API. Turns are run by `worker` processes. */
export async function run(input: CommandInput): Promise<number> {
  const { config, loaded, values, io } = input
  const { assembly, logger, closers, shutdown } = await openProduction(input, 'api')
  try {
    const say = (text: string) => io.stderr.write(`${text}\n`)
    await importCharacters(assembly.agents, values.character, say)
    const server = await startApi(assembly, {
      loaded,
      uiUrl: config.temporalUiUrl,
      environment: 'production',
      closing: shutdown.signal,
    })
    closers.add('http', () => server.close(config.drainMs))
    assembly.sweep({ intervalMs: config.sweepIntervalMs, graceMs: config.graceMs })
    logger.info(
      { url: server.url },
      `API on ${server.url}, its documentation on ${server.url}/docs`,
    )
    await shutdown.requested
    logger.info('Shutting down: waiting for running requests.')
    return EXIT.ok
  } finally {
    await closers.close((name, err) => logger.error({ err }, `Could not close: ${name}`))
    shutdown.release()
  }
}
