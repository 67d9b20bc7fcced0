import { randomUUID } from 'node:crypto'
import { globSync } from 'node:fs'
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import pg from 'pg'
import { type DevServer, startDevServer } from '../../temporal/dev-server.ts'
import { freePortFrom } from '../../temporal/free-port.ts'
import { projectFile, ROOT } from '../deploy/compose-file.ts'
import { heldReply, reply, requestFor } from '../e2e/answers.ts'
import { type Client, createClient, posted } from '../e2e/client.ts'
import { until } from '../e2e/until.ts'
import { type CuttableProxy, startProxy } from '../streams/cuttable-proxy.ts'
import { type Api, type House, openHouse, type Worker } from '../support/e2e-house.ts'
import { runTurnkeeper } from '../support/processes.ts'
import type { Answer } from '../support/stub-openai.ts'
import { temporalBinary } from '../support/temporal.ts'
import { copyOf, exchange } from './database-copy.ts'
import { hasTools } from './run-examples.ts'
import { loggedLines, runShell, triedBlocks } from './tried-blocks.ts'

const page = projectFile('docs/runbook.md')
const blocks = triedBlocks(page)

const IP = '127.0.0.1'
/** What a sweep ends or begins anew; a test's machine may be busy. */
const SWEPT_MS = 90_000
jest.setTimeout(180_000)

/** Nobody is there to type them otherwise. */
const whereTyped = (await hasTools()) ? describe : describe.skip

whereTyped('docs/runbook.md, carried out', () => {
  let house: House
  let folder: string
  let port: number
  let temporal: DevServer
  let wire: CuttableProxy
  let db: pg.Pool
  let api: Api
  let worker: Worker
  let client: Client
  let tools: NodeJS.ProcessEnv
  const tried = new Set<string>()

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'turnkeeper-runbook-'))
    port = await freePortFrom(0, IP)
    temporal = await startTemporal()
    house = await openHouse({
      temporalAddress: `${IP}:${port}`,
      env: { TURNKEEPER_HTTP_WAIT_MS: '1000', TURNKEEPER_SWEEP_INTERVAL_MS: '1000' },
    })
    wire = await startProxy(house.postgresUrl)
    db = openDb()
    api = await house.startApi({ POSTGRES_URL: wire.url })
    worker = await startWorker()
    client = createClient(api.url)
    tools = await toolsOf(api.url)
    house.answer(() => reply('Hello.'))
  })

  afterAll(async () => {
    await db.end()
    await house.close()
    await temporal.stop()
    await wire.close()
    await rm(folder, { recursive: true, force: true })
  })

  function openDb(): pg.Pool {
    const pool = new pg.Pool({ connectionString: house.postgresUrl, max: 2 })
    pool.on('error', () => undefined) // a test ends its sessions
    return pool
  }

  const startWorker = (env = {}) => house.startWorker({ POSTGRES_URL: wire.url, ...env })

  async function startTemporal(): Promise<DevServer> {
    const binary = await temporalBinary()
    const place = { dataDir: join(folder, 'data'), ip: IP, port, uiPort: 0 }
    return startDevServer({ binary, ...place, onLog: () => undefined })
  }

  /** The page's commands are found by name, and run against this house. */
  async function toolsOf(url: string): Promise<NodeJS.ProcessEnv> {
    await symlink(await temporalBinary(), join(folder, 'temporal'))
    const program = join(folder, 'turnkeeper')
    await writeFile(
      program,
      `#!/bin/sh\nexec '${process.execPath}' '${ROOT}/bin/turnkeeper.js' "$@"\n`,
    )
    await chmod(program, 0o755)
    return {
      ...{ PATH: `${folder}:${process.env.PATH}`, HOME: folder, NO_COLOR: '1' },
      ...{
        TURNKEEPER_API_URL: url,
        TURNKEEPER_TASK_QUEUE: 'e2e',
        SECRET_SALT: 'a salt of the tests',
      },
      ...{
        POSTGRES_URL: wire.url,
        TEMPORAL_ADDRESS: `${IP}:${port}`,
        TEMPORAL_NAMESPACE: 'default',
      },
      OPENAI_BASE_URL: house.stub.url,
    }
  }

  /** Carries out a block of the page, about a turn if it is about one. */
  async function step(name: string, turnId = ''): Promise<string> {
    const block = find(name, 'sh')
    return runShell(block, { ...tools, TURN: turnId })
  }

  async function rows(name: string): Promise<Record<string, unknown>[]> {
    return (await db.query(find(name, 'sql').script)).rows
  }

  function find(name: string, language: 'sh' | 'sql') {
    const block = blocks.find((one) => one.name === name && one.language === language)
    if (!block) throw new Error(`The page has no ${language} block '${name}'.`)
    tried.add(name)
    return block
  }

  const logs = () => `${api.log()}${worker.log()}`
  const logged = (line: string) =>
    until(`'${line}' in a log`, () => (logs().includes(line) ? true : undefined), SWEPT_MS)

  /** A turn in the middle of its model call, which goes on when told to. */
  async function running() {
    const { promise, resolve: release } = Promise.withResolvers<void>()
    const [message, channel] = [`Who is there? ${randomUUID()}`, randomUUID()]
    house.answer(() => heldReply('Held for a while.', promise))
    const turnId = await client.drop(channel, message)
    await requestFor(house.stub, message)
    house.answer(() => reply('Hello again.'))
    return { turnId, channel, release }
  }

  const said = async (channel = randomUUID()) =>
    client.settled(await client.drop(channel, 'Are you there?'), SWEPT_MS)

  /** The sweeper looks at a turn that was quiet for half a minute, for which nobody waits here. */
  const quietForLong = () => db.query(`update turns set touched_at = now() - interval '1 minute'`)

  /** As in a deployment: at an api that asks for its key. */
  async function cancelWithKey(turnId: string): Promise<void> {
    const key = { ELIZA_SERVER_AUTH_TOKEN: 'a key of the tests' }
    const guarded = await house.startApi({ POSTGRES_URL: wire.url, ...key })
    const block = find('cancel', 'sh')
    await runShell(block, { ...tools, ...key, TURNKEEPER_API_URL: guarded.url, TURN: turnId })
    await guarded.end('SIGTERM')
  }

  const endOf = async (turnId: string) => {
    const { state, code, gen } = await client.settled(turnId, SWEPT_MS)
    return { state, code, gen }
  }

  it('the first look shows that all is well, and the numbers can be had', async () => {
    const { turnId } = await said()
    for (const name of ['ready', 'doctor', 'lists']) await step(name)
    await step('show', turnId)
    await step('backlog')
    expect(await rows('lately')).toMatchObject([{ ended: '1', badly: '0' }])
    for (const name of ['unfinished', 'badly', 'rooms', 'attempts']) {
      expect(await rows(name)).toEqual([])
    }
    expect((await rows('sizes')).length).toBe(8)
    expect((await rows('connections')).length).toBeGreaterThan(0)
    await rows('sweeper')
  })

  it('while Temporal is gone messages wait, and nothing has to be done but to bring it back', async () => {
    await temporal.stop()
    const { turnId } = await posted(await client.post(randomUUID(), 'Still there?'), 202)
    await step('temporal gone')
    await logged('Temporal does not answer: turns wait, and their deadlines with them.')
    await until('the outage', async () => (await rows('outages'))[0])
    expect(await rows('unfinished')).toMatchObject([{ state: 'queued', turns: '1', heads: '1' }])
    temporal = await startTemporal()
    expect(await endOf(turnId)).toMatchObject({ state: 'replied', gen: 1 })
    await logged('Temporal answers again')
    expect(await rows('outages')).toMatchObject([{ ended_at: expect.any(Date) }])
  })

  it("when Temporal's data is lost a running turn begins its next generation", async () => {
    const { turnId, release } = await running()
    await temporal.stop()
    await rm(join(folder, 'data'), { recursive: true })
    temporal = await startTemporal()
    await quietForLong()
    expect(await endOf(turnId)).toEqual({ state: 'replied', code: null, gen: 2 })
    await logged('Temporal does not know this turn; it is started again as a new generation.')
    release()
  })

  it('while Postgres is gone messages are refused, and new processes end', async () => {
    wire.cut()
    expect((await client.post(randomUUID(), 'Lost?')).status).toBe(503)
    await step('postgres gone')
    const { code, stderr } = await runTurnkeeper({
      args: ['worker'],
      cwd: folder,
      env: envOf(tools),
    })
    expect({ code, stderr }).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/Postgres at .* cannot be reached: .* Start it, or correct/),
    })
    await logged('The turn stream lost Postgres for a while.')
    wire.mend()
    expect(await said()).toMatchObject({ state: 'replied' })
    await step('ready')
  })

  it('a full disk refuses messages although all seems well, and old prompts can be deleted', async () => {
    await db.query(`create function full_disk() returns trigger language plpgsql as $$ begin
      raise exception using errcode = '53100', message = 'No space left on device'; end $$`)
    await db.query(`create trigger full_disk before insert on messages
      for each row execute function full_disk()`)
    expect((await client.post(randomUUID(), 'Full?')).status).toBe(503)
    await step('ready')
    await db.query('drop function full_disk cascade')
    const channel = randomUUID()
    const { turnId } = await said(channel)
    await db.query(`update turns set settled_at = now() - interval '91 days' where id = $1`, [
      turnId,
    ])
    expect((await db.query(find('old prompts', 'sql').script)).rowCount).toBe(1)
    await step('show', turnId)
    expect(await said(channel)).toMatchObject({ state: 'replied' })
  })

  it('what a vendor refused can be read, and run again', async () => {
    const refusal: Answer = { kind: 'status', status: 401 }
    house.answer(() => refusal)
    const { turnId, code } = await said()
    expect(code).toBe('model_rejected')
    await step('refused')
    expect(await rows('badly')).toMatchObject([{ code, count: '1' }])
    expect(await rows('calls')).toContainEqual(
      expect.objectContaining({ state: 'unknown', error: expect.stringContaining('rejected') }),
    )
    house.answer(() => reply('Now I may.'))
    await step('retry all')
    expect(await endOf(turnId)).toMatchObject({ state: 'replied', gen: 2 })
  })

  it('a turn that outlives its worker shows who holds it and how often, and can be cancelled', async () => {
    const { turnId } = await running()
    const { promise: never } = Promise.withResolvers<void>()
    await step('who', turnId)
    house.answer(() => heldReply('Again.', never))
    await worker.end('SIGKILL')
    worker = await startWorker()
    const again = await until(
      'the second attempt',
      async () => (await rows('attempts'))[0],
      SWEPT_MS,
    )
    expect(again).toMatchObject({ turn_id: turnId, step: 'decide' })
    expect(await rows('rooms')).toMatchObject([{ head: turnId, head_is: 'running' }])
    await cancelWithKey(turnId)
    expect(await endOf(turnId)).toMatchObject({ state: 'cancelled' })
    house.answer(() => reply('Hello.'))
  })

  it('a terminated workflow ends its turn as lost, and so does one that was reset', async () => {
    const [terminated, reset] = [await running(), await running()]
    await step('terminate', terminated.turnId)
    await temporalCli(
      'workflow',
      'reset',
      '--type',
      'FirstWorkflowTask',
      '--reason',
      'a test',
      reset,
    )
    await quietForLong()
    const lost = { state: 'failed', code: 'workflow_lost', gen: 1 }
    expect(await Promise.all([endOf(terminated.turnId), endOf(reset.turnId)])).toEqual([lost, lost])
    await logged('The Workflow of this turn ended without an outcome.')
    for (const { release } of [terminated, reset]) release()
  })

  it('an activity that was reset in its pause, or whose step was deleted, ends as fenced', async () => {
    const deleted = await running()
    await db.query('delete from steps where turn_id = $1', [deleted.turnId])
    deleted.release()
    let calls = 0
    house.answer(() => {
      calls += 1
      return { kind: 'status', status: 503, headers: { 'retry-after': calls < 3 ? '0' : '30' } }
    })
    const turnId = await client.drop(randomUUID(), 'Reset me.')
    await until('three refusals', () => (calls === 3 ? true : undefined))
    await until('the pause', async () => /Attempt +4/.exec(await describeTurn(turnId)) ?? undefined)
    house.answer(() => reply('Hello.'))
    await temporalCli('activity', 'reset', '--activity-id', '4', { turnId })
    const fenced = { state: 'failed', code: 'fenced', gen: 1 }
    expect(await Promise.all([endOf(deleted.turnId), endOf(turnId)])).toEqual([fenced, fenced])
  })

  it('a worker of another database on the same queue loses the turns that it takes', async () => {
    await worker.end('SIGKILL')
    const stranger = await house.startWorker({
      POSTGRES_URL: await house.postgres.createDatabase(),
    })
    expect(await said()).toMatchObject({ state: 'failed', code: 'workflow_lost' })
    await stranger.end('SIGKILL')
    worker = await startWorker()
    expect(await said()).toMatchObject({ state: 'replied' })
  })

  it('what waits for a platform is seen, and can be kept back before anything is started', async () => {
    const { turnId } = await said()
    await db.query(
      `insert into outbox (id, room_id, agent_id, turn_id, source, content, state)
       select gen_random_uuid(), room_id, agent_id, id, 'nowhere', '{"text": "Hello."}', 'pending'
       from turns where id = $1`,
      [turnId],
    )
    expect(await rows('outbox')).toMatchObject([{ source: 'nowhere', paused_until: null }])
    await rows('unsent')
    expect(await rows('outbox')).toMatchObject([
      { state: 'failed', error: 'restored from a backup' },
    ])
  })

  it('a restored backup ends what it left unfinished, and the dead letters bring it back', async () => {
    const { turnId, channel, release } = await running()
    const behind = await client.drop(channel, 'Behind it.')
    const { name, admin } = await copyOf(house.postgresUrl)
    release()
    await endOf(behind)
    const after = await said(channel)
    await Promise.all([api.end('SIGTERM'), worker.end('SIGTERM')])
    await db.end()
    await exchange(admin, name)
    db = openDb()
    await quietForLong() // a backup is older than a test
    api = await house.startApi({ POSTGRES_URL: wire.url })
    client = createClient(api.url)
    tools = { ...tools, TURNKEEPER_API_URL: api.url }
    worker = await startWorker()
    const lost = { state: 'failed', code: 'workflow_lost', gen: 1 }
    expect(await Promise.all([endOf(turnId), endOf(behind)])).toEqual([lost, lost])
    expect((await client.get(`/api/turns/${after.turnId}`)).status).toBe(404)
    await step('retry all')
    expect(await said(channel)).toMatchObject({ state: 'replied' })
    expect((await endOf(turnId)).state).toBe('replied')
  })

  it('builds are shown, and the way back is one command', async () => {
    await startWorker({ TURNKEEPER_BUILD_ID: 'v1' })
    await startWorker({ TURNKEEPER_BUILD_ID: 'v2' })
    await step('builds')
    await step('promote')
    expect(await said()).toMatchObject({ state: 'replied' })
  })

  it('nothing on the page is left untried', () => {
    expect(blocks.map(({ name }) => name).toSorted()).toEqual([...tried].toSorted())
  })

  async function temporalCli(...words: (string | { readonly turnId: string })[]): Promise<string> {
    const args = words.flatMap((word) =>
      typeof word === 'string' ? [word] : ['--workflow-id', `turn:${word.turnId}:1`],
    )
    const script = ['temporal', ...args].map((word) => `'${word}'`).join(' ')
    return runShell({ name: script, language: 'sh', script, shows: undefined }, tools)
  }

  const describeTurn = (turnId: string) => temporalCli('workflow', 'describe', { turnId })
})

const envOf = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value ? [[name, value]] : [])))

describe('docs/runbook.md', () => {
  it('quotes only lines that the program can write', () => {
    const sources = globSync('{bin,workers,activities}/**/*.ts', { cwd: ROOT }).map(projectFile)
    const lines = loggedLines(page)
    expect(lines.length).toBeGreaterThan(10)
    expect(lines.filter((line) => !sources.some((source) => source.includes(line)))).toEqual([])
  })
})
