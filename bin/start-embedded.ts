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

/** How soon a server that died is started again. Turns wait meanwhile; none is lost. */
const WATCH_MS = 1_000

/** Finds and starts the Temporal dev server of this data folder, and starts it again when it dies. */
export async function startEmbeddedTemporal(
  input: EmbeddedInput,
): Promise<Pick<DevServer, 'address' | 'uiUrl' | 'stop'>> {
  const { env, say } = input
  const search = { env, cacheDir: defaultCacheDir(env), onProgress: say }
  const { path: binary } = await findTemporalServer(search)
  const start = (ports?: Ports) =>
    startDevServer({
      ...ports,
      binary,
      dataDir: input.dataDir,
      onLog: (line) => input.logger.debug({ component: 'temporal-server' }, line),
    })
  const first = await start()
  tellSetAside(first, say)
  const watch = keepAlive(first, start, input)
  return { address: first.address, uiUrl: first.uiUrl, stop: watch.stop }
}

function tellSetAside({ setAside }: DevServer, say: EmbeddedInput['say']): void {
  if (!setAside) return
  say(`The Temporal database could not be opened. It was set aside as '${setAside}';`)
  say('an empty one is used, and the turns that were running are started again.')
}

interface Ports {
  readonly port: number
  readonly uiPort: number
  /** Clients hold on to the address: another one would not be found. */
  readonly portsAreExplicit: true
}

function keepAlive(
  first: DevServer,
  start: (ports: Ports) => Promise<DevServer>,
  { say, logger }: EmbeddedInput,
): { stop(): Promise<void> } {
  let server = first
  let isStopped = false
  let restart: Promise<void> | undefined
  const port = Number(new URL(`http://${first.address}`).port)
  const ports: Ports = { port, uiPort: Number(new URL(first.uiUrl).port), portsAreExplicit: true }
  const revive = async () => {
    say('The Temporal server ended unexpectedly; starting it again.')
    await server.stop()
    server = await start(ports)
    tellSetAside(server, say)
  }
  const timer = setInterval(() => {
    if (isStopped || restart || isAlive(server.pid)) return
    const failed = (err: unknown) =>
      logger.error({ err }, 'The Temporal server could not be started.')
    restart = revive()
      .catch(failed)
      .finally(() => {
        restart = undefined
      })
  }, WATCH_MS)
  return {
    async stop() {
      isStopped = true
      clearInterval(timer)
      await restart
      await server.stop()
    },
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
