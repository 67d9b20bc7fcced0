import type { Logger } from '../observability/log.ts'
import { type DevServer, startDevServer } from '../temporal/dev-server.ts'
import { defaultCacheDir, findTemporalServer } from '../temporal/find-server.ts'

export interface EmbeddedInput {
  readonly dataDir: string
  readonly env: NodeJS.ProcessEnv
  readonly logger: Logger
  /** For a person who waits. */
  readonly say: (line: string) => void
}

/** Finds and starts the Temporal dev server of this data folder. */
export async function startEmbeddedTemporal(input: EmbeddedInput): Promise<DevServer> {
  const { env, say } = input
  const { path } = await findTemporalServer({
    env,
    cacheDir: defaultCacheDir(env),
    onProgress: say,
  })
  const server = await startDevServer({
    binary: path,
    dataDir: input.dataDir,
    onLog: (line) => input.logger.debug({ component: 'temporal-server' }, line),
  })
  if (server.setAside) {
    say(`The Temporal database could not be opened. It was set aside as '${server.setAside}';`)
    say('an empty one is used, and the turns that were running are started again.')
  }
  return server
}
