import { randomUUID } from 'node:crypto'
import type { Plugin } from '../../agent/plugin.ts'
import { assemble } from '../../bin/assembly.ts'
import { main } from '../../bin/cli.ts'
import { startApi, startWorker } from '../../bin/roles.ts'
import { insertAgent } from '../../memory/agents.ts'
import { createLogger } from '../../observability/log.ts'
import { loadConfig } from '../../schema/load-config.ts'
import { openTestPglite } from './databases.ts'
import { fakePipe } from './fake-io.ts'
import './quiet-runtime.ts'
import { type StubOpenai, type StubScript, startStubOpenai } from './stub-openai.ts'
import { startTestTemporal } from './temporal.ts'

/** The whole program in one process, as `dev` runs it: API, Worker, sweeper, database and Temporal. */
export interface ApprovalApi {
  readonly url: string
  readonly agentId: string
  readonly stub: StubOpenai
  /** What the model answers from now on. */
  answer(script: StubScript): void
  /** Runs a command line against the API. */
  command(...argv: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }>
  post(path: string, body: object): Promise<{ status: number; body: Record<string, unknown> }>
  close(): Promise<void>
}

export async function startApprovalApi(plugins: readonly Plugin[]): Promise<ApprovalApi> {
  let script: StubScript = () => ({ kind: 'status', status: 500 })
  const [database, temporal, stub] = await Promise.all([
    openTestPglite(),
    startTestTemporal(),
    startStubOpenai((body, n) => script(body, n)),
  ])
  const loaded = loadConfig({ env: { OPENAI_BASE_URL: stub.url, SERVER_PORT: '0' } })
  const { config } = loaded
  const logger = createLogger({ level: 'silent', pretty: false, logContent: false, secrets: [] })
  const assembly = await assemble({
    ...{ config, logger, database, salt: 'salt', temporalAddress: temporal.address },
    ...{ hasWorker: true, elizaTypingMs: 0, plugins },
  })
  const agentId = randomUUID()
  const character = { name: 'Ada', bio: 'Orders pizza.' }
  const agent = { id: agentId, name: 'Ada', character, secrets: null, sourceHash: null }
  await insertAgent(database.db, { ...agent, status: 'active' })
  const closing = new AbortController()
  const worker = await startWorker(assembly, config, closing.signal)
  const api = await startApi(assembly, {
    ...{ loaded, uiUrl: undefined, environment: 'development', closing: closing.signal },
  })
  assembly.sweep({ intervalMs: 500, graceMs: 10_000 })
  return {
    ...{ url: api.url, agentId, stub },
    answer: (next) => {
      script = next
    },
    async command(...argv) {
      const { io, seen } = fakePipe()
      const code = await main([...argv, '--api-url', api.url], { ...io, env: {} })
      return { code, ...seen }
    },
    async post(path, body) {
      const headers = { 'content-type': 'application/json' }
      const init = { method: 'POST', headers, body: JSON.stringify(body) }
      const response = await fetch(`${api.url}${path}`, init)
      return {
        status: response.status,
        body: (await response.json()) as Record<string, unknown>, // the API's own answer
      }
    },
    async close() {
      closing.abort()
      await api.close(1_000)
      await worker?.stop()
      await assembly.close()
      await temporal.stop()
      await stub.close()
    },
  }
}
