import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { Client, Connection } from '@temporalio/client'
import type { DevServer } from '../../temporal/dev-server.ts'
import { devServerRig, isAlive } from './dev-server-rig.ts'

const rig = devServerRig()

async function withClient<T>(server: DevServer, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: server.address })
  try {
    return await use(new Client({ connection }))
  } finally {
    await connection.close()
  }
}

describe('a dev server that starts', () => {
  it('knows the search attributes of a turn and serves its Web UI', async () => {
    const server = await rig.start()
    const known = await withClient(server, ({ connection }) =>
      connection.operatorService.listSearchAttributes({ namespace: 'default' }),
    )
    expect(Object.keys(known.customAttributes ?? {}).sort()).toEqual(['AgentId', 'RoomId'])
    expect((await fetch(server.uiUrl)).status).toBe(200)
    expect(server.adopted).toBe(false)
    expect(server.setAside).toBeUndefined()
  })

  it('still has its workflows after a stop and a start', async () => {
    const options = { taskQueue: 'nobody', workflowId: 'turn:kept:1' }
    const before = await rig.start()
    await withClient(before, (client) => client.workflow.start('turnWorkflow', options))
    await before.stop()
    expect(isAlive(before.pid)).toBe(false)

    const after = await rig.start()
    const description = await withClient(after, (client) =>
      client.workflow.getHandle(options.workflowId).describe(),
    )
    expect(description.status.name).toBe('RUNNING')
  })

  it('does not get the keys and tokens of our environment', async () => {
    process.env.TURNKEEPER_TEST_CANARY = 'canary'
    const server = await rig.start()
    delete process.env.TURNKEEPER_TEST_CANARY
    const environ = `/proc/${server.pid}/environ`
    expect(existsSync(environ) ? readFileSync(environ, 'utf8') : 'PATH=').toContain('PATH=')
    expect(existsSync(environ) ? readFileSync(environ, 'utf8') : '').not.toContain('canary')
  })
})

describe('ports', () => {
  let squatter: Server
  let taken: number

  beforeEach(async () => {
    squatter = createServer().listen(0, '127.0.0.1')
    await once(squatter, 'listening')
    const address = squatter.address()
    taken = typeof address === 'object' && address ? address.port : 0
  })

  afterEach(() => {
    squatter.close()
  })

  it('are the next free ones when the default ones are taken', async () => {
    const server = await rig.start({ port: taken, uiPort: taken })
    const port = Number(server.address.split(':')[1])
    expect(port).toBeGreaterThan(taken)
    expect(rig.logged).toEqual([`Port ${taken} is taken; Temporal listens on ${port}.`])
  })

  it.each([
    ['the frontend', () => ({ port: taken })],
    ['the Web UI', () => ({ uiPort: taken, port: taken - 1 })],
  ])('that were asked for and are taken, for %s, are an error', async (_name, ports) => {
    const starting = rig.start({ ...ports(), portsAreExplicit: true })
    await expect(starting).rejects.toMatchObject({ code: 'temporal_not_started' })
    await expect(starting).rejects.toThrow(`Port ${taken} on 127.0.0.1, set for the Temporal`)
  })
})

describe('a database that cannot be opened', () => {
  it.each([
    ['is no database', (file: string) => writeFileSync(file, randomBytes(100_000))],
    ['is empty', (file: string) => writeFileSync(file, '')],
    ['was cut in the middle', (file: string) => truncateSync(file, 200_000)],
    [
      'is damaged in the middle',
      (file: string) => {
        const bytes = readFileSync(file)
        bytes.fill(0xaa, 40_000, 60_000)
        writeFileSync(file, bytes)
      },
    ],
  ])('because it %s is set aside, and the server starts empty', async (_name, damage) => {
    const file = rig.putDatabase()
    damage(file)
    const bytes = readFileSync(file)
    const server = await rig.start()
    expect(server.setAside).toMatch(/temporal\.db\.set-aside-\d{4}/)
    expect(readFileSync(server.setAside ?? '').equals(bytes)).toBe(true)
    expect(rig.logged.join()).toContain(`It is kept as '${server.setAside}'`)
    const workflows = await withClient(server, (client) => client.workflow.count())
    expect(workflows.count).toBe(0)
  })

  it('takes its write-ahead log along', async () => {
    const file = rig.putDatabase()
    writeFileSync(file, randomBytes(100_000))
    writeFileSync(`${file}-wal`, 'of the damaged one')
    const server = await rig.start()
    expect(readFileSync(`${server.setAside}-wal`, 'utf8')).toBe('of the damaged one')
  })
})

describe('a server that does not start', () => {
  it('says what it printed', async () => {
    const failing = join(rig.dataDir, 'failing')
    writeFileSync(failing, '#!/bin/sh\necho "no such flag"\nexit 3\n', { mode: 0o755 })
    await expect(rig.start({ binary: failing })).rejects.toThrow(
      /The Temporal server ended with code 3. It said: 'no such flag'. Its log is '.*server.log'/,
    )
  })

  it('is named when it cannot be executed', async () => {
    const missing = join(rig.dataDir, 'missing')
    await expect(rig.start({ binary: missing })).rejects.toThrow(`'${missing}' cannot be started`)
  })

  it('does not cost the database its place', async () => {
    const file = rig.putDatabase()
    const failing = join(rig.dataDir, 'failing')
    writeFileSync(failing, '#!/bin/sh\necho "sqlite: the disk is full"\nexit 1\n', { mode: 0o755 })
    await expect(rig.start({ binary: failing })).rejects.toThrow('ended with code 1')
    expect(existsSync(file)).toBe(true)
  })
})
