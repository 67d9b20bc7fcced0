import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DevServer, startDevServer } from '../../temporal/dev-server.ts'
import { freePortFrom } from '../../temporal/free-port.ts'
import { temporalBinary } from '../support/temporal.ts'

/** A dev server that comes back on its port, with its file. */
export interface StoppableTemporal {
  readonly address: string
  stop(how: 'stop' | 'kill'): Promise<void>
  start(): Promise<void>
  isUp(): boolean
  close(): Promise<void>
}

const IP = '127.0.0.1'

export async function startStoppableTemporal(): Promise<StoppableTemporal> {
  const dataDir = await mkdtemp(join(tmpdir(), 'turnkeeper-fuzz-temporal-'))
  const binary = await temporalBinary()
  const [port, uiPort] = [await freePortFrom(0, IP), await freePortFrom(0, IP)]
  let server: DevServer | undefined
  const start = async () => {
    server = await startDevServer({
      ...{ binary, dataDir, ip: IP, port, uiPort, portsAreExplicit: true },
      onLog: () => undefined,
    })
    if (server.setAside) throw new Error(`Temporal's file was ruined: ${server.setAside}`)
  }
  const stop = async (how: 'stop' | 'kill') => {
    const stopped = server
    server = undefined
    if (how === 'kill' && stopped) process.kill(stopped.pid, 'SIGKILL')
    await stopped?.stop()
  }
  await start()
  return {
    ...{ address: `${IP}:${port}`, start, stop },
    isUp: () => server !== undefined,
    async close() {
      await stop('stop')
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
