import { describe, expect, it } from '@jest/globals'
import { checkOptions } from '../../orchestrator/check-options.ts'
import { ElizaOS } from '../../orchestrator/elizaos.ts'
import { loadSettings } from '../../orchestrator/load-settings.ts'
import { overload } from '../../orchestrator/load-watch.ts'
import { createRoster } from '../../orchestrator/roster.ts'
import type { AgentLoad } from '../../turns/agent-loads.ts'

const plugin = { name: 'weather', description: 'Weather.' }

describe('an option that cannot be had is refused with what can', () => {
  it.each([
    ['an adapter of ElizaOS', { databaseAdapter: {} }, /postgres:\/\/ address or the path/],
    ['memory per agent', { resourceLimits: { maxMemoryPerAgent: '512MB' } }, /limits\.memory/],
    ['CPU per agent', { resourceLimits: { maxCPUPerAgent: 0.5 } }, /limits\.cpus/],
    ['no persistence', { persistence: { enabled: false } }, /survive a crash/],
    [
      'code in other processes',
      { clustering: true, globalPlugins: [plugin] },
      /'weather'.*package/,
    ],
    [
      'fewer workers at most than at least',
      { clusterConfig: { workers: 4, maxWorkers: 2 } },
      /from 4/,
    ],
    ['a threshold above 1', { clusterConfig: { scaleThreshold: 80 } }, /up to 1/],
    ['no agents at all', { maxAgents: 0 }, /maxAgents is 0/],
    [
      'a pool that is larger than its most',
      { agentPools: { a: { minAgents: 3, maxAgents: 2, character: {} } } },
      /agentPools\.a\.maxAgents/,
    ],
  ])('%s', (_what, options, message) => {
    expect(() => new ElizaOS(options)).toThrow(message)
  })

  it('clustering with the embedded database', () => {
    expect(() => loadSettings({ clustering: true }, {})).toThrow(/needs Postgres/)
  })
})

it('needless options are accepted', () => {
  const persistence = { enabled: true, checkpointInterval: 1, recoveryMode: 'manual' as const }
  expect(() =>
    checkOptions({ persistence, clustering: false, globalPlugins: [plugin] }),
  ).not.toThrow()
})

it('the constructor precedes the environment', () => {
  const { config } = loadSettings(
    {
      databaseAdapter: 'a folder',
      debug: true,
      serverConfig: { enabled: true, port: '4000', cors: true },
      resourceLimits: { maxConcurrentRequests: 7 },
    },
    { POSTGRES_URL: 'postgres://elsewhere/db', SERVER_PORT: '5000', LOG_LEVEL: 'error' },
  )
  expect(config).toMatchObject({
    ...{ dataDir: 'a folder', postgresUrl: undefined, serverPort: 4000, corsOrigin: '*' },
    ...{ logLevel: 'debug', agentTurns: 7 },
  })
})

it('the system is overloaded when its loop is late or its queue is long, not when it is busy', () => {
  expect(overload({ eventLoopMs: 5, cpu: 1, queued: 10 })).toBeUndefined()
  expect(overload({ eventLoopMs: 200, cpu: 0, queued: 0 })).toBe('event-loop')
  expect(overload({ eventLoopMs: 0, cpu: 0, queued: 200 })).toBe('queue')
})

it('the roster tells what others have changed, once, and nothing of what was there before', async () => {
  const told: string[] = []
  let rows: AgentLoad[] = []
  const row = (name: string, given: Partial<AgentLoad> = {}): AgentLoad => ({
    ...{ id: name, name, character: {}, status: 'active', running: 0, queued: 0 },
    ...{ createdAt: new Date(0), updatedAt: new Date(0) },
    ...{ lastTurnId: null, lastState: null, lastCode: null, lastAt: null, ...given },
  })
  const roster = createRoster(
    async () => rows,
    (type, data) => told.push(`${type} ${data.name}`),
  )
  rows = [row('ada')]
  await roster.refresh()
  const failed = { lastTurnId: 't', lastState: 'failed', lastAt: new Date(1) } as const
  rows = [row('ada', failed), row('bob', { status: 'inactive' })]
  await Promise.all([roster.refresh(), roster.refresh()])
  expect(told).toEqual(['agent:created bob'])
  expect(roster.get('ada')).toMatchObject({ status: 'error', lastTurn: { state: 'failed' } })
  rows = [row('bob')]
  await roster.refresh()
  expect(told.slice(1)).toEqual(['agent:started bob', 'agent:removed ada'])
})
