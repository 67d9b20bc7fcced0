import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { startTestTemporal, type TestTemporal } from '../support/temporal.ts'
import { ROOT } from './compose-file.ts'

interface Verdict {
  readonly code: number | null
  readonly stderr: string
}

function health(role: string, env: Record<string, string>): Promise<Verdict> {
  return new Promise((resolve) => {
    const args = [`${ROOT}/deploy/health.js`, role]
    const options = { env: { ...process.env, ...env } }
    const child = execFile(process.execPath, args, options, (_error, _stdout, stderr) =>
      resolve({ code: child.exitCode, stderr }),
    )
  })
}

describe('the health of an api', () => {
  async function answered(status: number): Promise<Verdict> {
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/readyz' ? status : 404
      response.end('{"ready":false}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo // a TCP server has one
    const verdict = await health('api', { SERVER_PORT: String(port) })
    await new Promise((resolve) => server.close(resolve))
    return verdict
  }

  it('is good when it is ready', async () => {
    expect(await answered(200)).toEqual({ code: 0, stderr: '' })
  })

  it('is bad when it is not, and the reason is told', async () => {
    const { code, stderr } = await answered(503)
    expect(code).toBe(1)
    expect(stderr).toMatch(/api is not well: .*answered 503: {"ready":false}/)
  })

  it('is bad when nothing listens', async () => {
    expect(await health('api', { SERVER_PORT: '1' })).toMatchObject({ code: 1 })
  })
})

describe('the health of a worker', () => {
  let temporal: TestTemporal
  beforeAll(async () => {
    Runtime.install({ logger: new DefaultLogger('ERROR') })
    temporal = await startTestTemporal()
  })
  afterAll(() => temporal?.stop())

  const settings = (taskQueue: string) => ({
    TEMPORAL_ADDRESS: temporal.address,
    TURNKEEPER_TASK_QUEUE: taskQueue,
  })

  it('is bad when nothing on this host polls its Task Queue', async () => {
    const { code, stderr } = await health('worker', settings('nobody'))
    expect(code).toBe(1)
    expect(stderr).toContain(`polls 'nobody', 0 elsewhere do`)
  })

  it('is good while a Worker of this host polls', async () => {
    const connection = await NativeConnection.connect({ address: temporal.address })
    const worker = await Worker.create({
      connection,
      taskQueue: 'polled',
      workflowsPath: `${ROOT}/test/deploy/idle-workflow.ts`,
    })
    await worker.runUntil(async () => {
      const deadline = Date.now() + 10_000
      let verdict = await health('worker', settings('polled'))
      while (verdict.code !== 0 && Date.now() < deadline) {
        verdict = await health('worker', settings('polled'))
      }
      expect(verdict).toEqual({ code: 0, stderr: '' })
    })
    await connection.close()
  })

  it('is bad when Temporal cannot be reached', async () => {
    const verdict = await health('worker', { TEMPORAL_ADDRESS: '127.0.0.1:1' })
    expect(verdict).toMatchObject({ code: 1 })
  })
})

it('refuses a role it does not know', async () => {
  const { code, stderr } = await health('gateway', {})
  expect(code).toBe(1)
  expect(stderr).toContain(`Unknown role 'gateway': use api or worker.`)
})
