import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { projectFile } from '../deploy/compose-file.ts'
import { blockAfter } from '../docs/markdown.ts'
import { pgliteTemplate } from '../support/databases.ts'
import { type StubOpenai, startStubOpenai } from '../support/stub-openai.ts'
import { startTestTemporal, type TestTemporal } from '../support/temporal.ts'
import { type Ran, runProgram } from './run-program.ts'

const PROGRAM = fileURLToPath(new URL('production-program.ts', import.meta.url))
const SYSTEM = new URL('../../orchestrator/index.ts', import.meta.url).href
const TOKEN = 'a token of the tests'

let folder: string
let ran: Ran
let ofPage: Ran
let report: Readonly<Record<string, unknown>>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'turnkeeper-orchestrator-'))
  const [temporal, stub] = await Promise.all([startTestTemporal(), startStubOpenai()])
  const both = await Promise.all([runProduction(temporal, stub), runPage(temporal, stub)])
  ran = both[0]
  ofPage = both[1]
  report = ran.stdout === '' ? {} : JSON.parse(ran.stdout)
  await Promise.all([stub.close(), temporal.stop()])
}, 120_000)

const settingsFor = (name: string, temporal: TestTemporal, stub: StubOpenai) => ({
  TEMPORAL_ADDRESS: temporal.address,
  TURNKEEPER_TASK_QUEUE: name,
  OPENAI_BASE_URL: stub.url,
  OPENAI_LARGE_MODEL: 'stub',
  LOG_LEVEL: 'warn',
})

async function dataFolder(name: string): Promise<string> {
  const dataDir = join(folder, name)
  await cp(await pgliteTemplate(), dataDir, { recursive: true })
  return dataDir
}

async function runProduction(temporal: TestTemporal, stub: StubOpenai): Promise<Ran> {
  const environment = {
    ELIZA_SERVER_AUTH_TOKEN: TOKEN,
    ...settingsFor('production', temporal, stub),
  }
  const input = {
    token: TOKEN,
    name: 'ProductionElizaOS',
    databaseAdapter: await dataFolder('production'),
    serverConfig: { enabled: true, port: 0, host: '0.0.0.0', cors: true, rateLimit: true },
    maxAgents: 3,
    defaultSettings: { MOOD: 'calm' },
    persistence: { enabled: true, checkpointInterval: 60_000 },
    resourceLimits: { maxConcurrentRequests: 5, maxRequestsPerMinute: 1_000 },
    environment,
  }
  return runProgram(PROGRAM, { cwd: folder, env: {}, input })
}

async function runPage(temporal: TestTemporal, stub: StubOpenai): Promise<Ran> {
  const code = blockAfter(projectFile('docs/orchestrator.md'), 'file: program.ts')
  const file = join(folder, 'program.mts')
  await writeFile(file, code.replace("'turnkeeper'", `'${SYSTEM}'`))
  const dataDir = { TURNKEEPER_DATA_DIR: await dataFolder('page') }
  const env = { ...settingsFor('page', temporal, stub), ...dataDir }
  return runProgram(file, { cwd: folder, env })
}

afterAll(() => rm(folder, { recursive: true, force: true }))

it('a program that embeds the system ends by itself once it has stopped it, and logged no trouble', () => {
  expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' })
})

it('the program of docs/orchestrator.md prints the answer, and how long the turn took', () => {
  const { code, stdout, stderr } = ofPage
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: expect.stringContaining('Hello!'),
    stderr: expect.stringMatching(/^[\da-f-]{36} took \d+ ms\n$/),
  })
})

it('a method that needs the system says so before it is initialized', () => {
  expect(report.before).toBe('not_initialized')
})

it('the production setup starts: agents run, and the API answers', () => {
  expect(report.started).toEqual({
    events: [
      ...['agent:created Ada', 'agent:started Ada', 'agent:created Bob', 'agent:started Bob'],
      'system:started ProductionElizaOS',
    ],
    active: ['Ada', 'Bob'],
    settings: { MOOD: 'calm' },
    isHealthy: true,
  })
  expect(report.answered).toMatchObject({ status: 201, body: { turn: { state: 'replied' } } })
})

it('a system without a worker is not healthy', () => {
  expect(report.isHealthyWithoutWorker).toBe(false)
})

it('middleware refuses a message before anything of it is stored, or sees its turn to the end', () => {
  const body = { code: 'MESSAGE_REFUSED', error: 'Not in this house.' }
  expect(report.refused).toMatchObject({ status: 403, body })
  expect(report.refusedChannel).toBe(404)
  expect(report.seen).toEqual([[true, true], 'replied'])
})

it('a program talks to an agent without HTTP, and hears it while it speaks', () => {
  expect(report.handled).toEqual({ mode: 'simple', isWhole: true })
})

it('code works within an agent, where global services are at hand', () => {
  expect(report.within).toEqual({ isAda: true, time: 'noon', didRespond: true })
  expect(report.services).toEqual(['service:registered', 'service:unregistered'])
})

it('two agents that answer each other stop by rule, and the trace names it', () => {
  expect(report.loop).toEqual({
    result: { decision: 'ignore', rule: 'agent_loop_limit', agentHops: 5, limit: 5 },
    said: 5,
  })
})

it('agents are made, started, stopped and removed, up to their number', () => {
  expect(report.cleo).toEqual(
    ['created', 'started', 'stopped', 'removed'].map((what) => `agent:${what} Cleo`),
  )
  expect([report.limit, report.twice]).toEqual(['limit_reached', 'conflict'])
})

it('a stopped system says so, and a new one goes on with what was there', () => {
  expect(report.stopped).toEqual({
    events: ['agent:stopped Ada', 'agent:stopped Bob', 'system:stopped ProductionElizaOS'],
    again: 'stopped',
  })
  const events = ['agent:created Ada', 'agent:started Ada']
  expect(report.restored).toEqual({ active: ['Ada', 'Bob'], events })
})

it('reset deletes everything, and only when it is confirmed by name', () => {
  expect(report.unconfirmed).toBe('not_confirmed')
  expect(report.reset).toEqual([])
})
