import { existsSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, it } from '@jest/globals'
import { createClosers } from '../../bin/closers.ts'
import { createLogger } from '../../observability/log.ts'
import { startCluster } from '../../orchestrator/start-cluster.ts'
import { eventually } from '../support/eventually.ts'

/** Takes connections and never answers: a worker that waits for its database. */
async function silentPostgres() {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on a port
  return {
    url: `postgres://nobody@127.0.0.1:${port}/none`,
    callers: () => sockets.size,
    close: () => {
      for (const socket of sockets) socket.destroy() // nobody reads them: their ends are not heard
      return new Promise((resolve) => server.close(resolve))
    },
  }
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

it('worker processes get the settings of the system, and end with it', async () => {
  const postgres = await silentPostgres()
  const closers = createClosers()
  const cluster = startCluster(
    {
      ...{ databaseAdapter: postgres.url, clusterConfig: { workers: 1 } },
      environment: { SECRET_SALT: 'a salt of the tests', LOG_LEVEL: 'fatal' },
    },
    {
      ...{ closers, temporalAddress: '127.0.0.1:9' },
      logger: createLogger({ level: 'fatal', pretty: false, logContent: false, secrets: [] }),
    },
    1_000,
  )
  try {
    await eventually(
      () => postgres.callers() > 0,
      () => JSON.stringify(cluster.standing()),
      30_000,
    )
    const [worker] = cluster.standing()
    const pid = worker?.pid ?? 0
    expect(cluster.standing()).toEqual([{ pid: expect.any(Number), restarts: 0 }])
    expect(isAlive(pid)).toBe(true)
    const file = `/proc/${pid}/environ`
    if (existsSync(file)) {
      expect(readFileSync(file, 'utf8').split('\0')).toContain('TEMPORAL_ADDRESS=127.0.0.1:9')
    }
    await closers.close((_name, error) => {
      throw error
    })
    expect(isAlive(pid)).toBe(false)
    expect(cluster.standing()).toEqual([])
  } finally {
    await cluster.stop()
    await postgres.close()
  }
}, 45_000)
