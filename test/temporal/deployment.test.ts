import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { WorkerDeploymentVersion } from '@temporalio/common'
import type { Worker } from '@temporalio/worker'
import { connectTemporal, type TemporalConnection } from '../../temporal/connection.ts'
import { type CurrentBuild, watchCurrentBuild } from '../../temporal/current-build.ts'
import { deploymentNameOf, readRouting } from '../../temporal/deployment.ts'
import { becomeFirstBuild } from '../../temporal/first-build.ts'
import { promote, type Rollout, reportDeployment } from '../../temporal/rollout.ts'
import { createStartTurn } from '../../temporal/start-turn.ts'
import { isAbandoned } from '../../temporal/stranded.ts'
import { createTurnWorkflows } from '../../temporal/turn-workflows.ts'
import { bundleWorkflows, createAgentWorker } from '../../workers/agent-worker.ts'
import '../support/quiet-runtime.ts'
import { until } from '../e2e/until.ts'
import { fakePorts } from '../support/fake-ports.ts'
import { hangingCall, scriptedVendor } from '../support/scripted-vendor.ts'
import { startTestTemporal, type TestTemporal } from '../support/temporal.ts'

let server: TestTemporal
let link: TemporalConnection
let workflowBundle: Awaited<ReturnType<typeof bundleWorkflows>>
const running: { worker: Worker; ended: Promise<void> }[] = []

beforeAll(async () => {
  ;[server, workflowBundle] = await Promise.all([startTestTemporal(), bundleWorkflows()])
  link = await connectTemporal({ env: {}, address: server.address })
})

afterEach(async () => {
  for (const { worker } of running) worker.shutdown()
  await Promise.all(running.splice(0).map(({ ended }) => ended))
})

afterAll(async () => {
  await link.connection.close()
  await server.stop()
})

const idle = () => fakePorts({ vendor: scriptedVendor() })

/** An installation of its own. */
function installation() {
  const taskQueue = `turns.${randomUUID()}:1`
  const rollout: Rollout = { client: link.client, taskQueue }
  const version = (buildId: string): WorkerDeploymentVersion => ({
    deploymentName: deploymentNameOf(taskQueue),
    buildId,
  })
  return {
    taskQueue,
    rollout,
    version,
    /** Starts a Worker, and waits until the server knows it. */
    async run(buildId: string, ports = idle()): Promise<WorkerDeploymentVersion> {
      const worker = await createAgentWorker(ports, {
        connection: link.connection,
        namespace: link.namespace,
        taskQueue,
        heartbeatThrottleMs: 100,
        drainMs: 1,
        workflowBundle,
        version: version(buildId),
      })
      running.push({ worker, ended: worker.run() })
      const isKnown = async () =>
        (await reportDeployment(rollout))?.builds.some((build) => build.buildId === buildId) ||
        undefined
      await until(`build '${buildId}' is known`, isKnown)
      return version(buildId)
    },
    start: createStartTurn(link.client, {
      taskQueue,
      workflowTaskTimeoutMs: 5_000,
      heartbeatTimeoutMs: 3_000,
      hasSearchAttributes: false,
      isEager: false,
    }),
    /** A build that no Worker ever had. */
    async invent(buildId: string): Promise<void> {
      const { client } = link
      const { deploymentName } = version(buildId)
      const choice = { namespace: link.namespace, deploymentName, buildId, allowNoPollers: true }
      await client.workflowService.setWorkerDeploymentCurrentVersion(choice)
    },
    current: async () => (await readRouting(link.client, taskQueue)).current?.buildId,
  }
}

type Installation = ReturnType<typeof installation>

const becomeFirst = (version: WorkerDeploymentVersion) =>
  becomeFirstBuild(link.client, version, {
    signal: AbortSignal.timeout(20_000),
    onError: () => undefined,
  })

const promoteTo = ({ rollout }: Installation, buildId: string) =>
  promote(rollout, { buildId, isForced: false })

describe('the name of a deployment', () => {
  it.each([
    ['turnkeeper', 'turnkeeper'],
    ['a.b:c', 'a%2Eb%3Ac'],
    ['a%2Eb', 'a%252Eb'],
    ['__mine', '%5F%5Fmine'],
  ])('of the task queue %s is %s, which Temporal takes', (taskQueue, name) => {
    expect(deploymentNameOf(taskQueue)).toBe(name)
  })
})

describe('the first build on a server', () => {
  it('is the current one without an operator, and only one of two can be it', async () => {
    const house = installation()
    const versions = [await house.run('a'), await house.run('b')]
    const outcomes = await Promise.all(versions.map(becomeFirst))
    expect(outcomes.toSorted()).toEqual(['became-current', 'decided'])
    const winner = outcomes[0] === 'became-current' ? 'a' : 'b'
    await until(
      `'${winner}' is the current build`,
      async () => (await house.current()) === winner || undefined,
    )
  })

  it('waits for its own Worker to be known', async () => {
    const house = installation()
    const outcome = becomeFirst(house.version('a'))
    await house.run('a')
    expect(await outcome).toBe('became-current')
  })

  it('is not chosen again after an operator went back to none', async () => {
    const house = installation()
    const a = await house.run('a')
    await becomeFirst(a)
    const { deploymentName } = a
    const none = { namespace: link.namespace, deploymentName, buildId: '' }
    await link.client.workflowService.setWorkerDeploymentCurrentVersion(none)
    expect(await becomeFirst(a)).toBe('decided')
  })

  it('is left alone where somebody else manages the deployment', async () => {
    const house = installation()
    const a = await house.run('a')
    await manage(a.deploymentName)
    expect(await becomeFirst(a)).toBe('decided')
  })

  it('ends its try when it is told to stop', async () => {
    const signal = AbortSignal.timeout(50)
    const version = installation().version('nobody')
    expect(await becomeFirstBuild(link.client, version, { signal, onError: () => undefined })).toBe(
      'stopped',
    )
  })
})

/** As the Worker Controller does. */
const manage = (deploymentName: string) =>
  link.client.workflowService.setWorkerDeploymentManager({
    namespace: link.namespace,
    deploymentName,
    managerIdentity: 'a controller',
    identity: 'a controller',
  })

describe('whether new turns go to a build', () => {
  const watches: CurrentBuild[] = []
  afterEach(() => {
    for (const watch of watches.splice(0)) watch.stop()
  })

  const watching = ({ taskQueue }: Installation, version: WorkerDeploymentVersion, on = link) => {
    const watch = watchCurrentBuild(on.client, { taskQueue, version })
    watches.push(watch)
    return watch
  }

  const becomes = (watch: CurrentBuild, wanted: string) =>
    until(`the build's standing is '${wanted}'`, () => watch.standing() === wanted || undefined)

  it('is known soon after every change, a part of them counting as not', async () => {
    const house = installation()
    const a = await house.run('a')
    const b = await house.run('b')
    const [watchA, watchB] = [watching(house, a), watching(house, b)]
    expect(watchA.standing()).toBe('unknown')
    await becomes(watchA, 'other')
    await promoteTo(house, 'a')
    await becomes(watchA, 'current')
    expect(
      await promote(house.rollout, { buildId: 'b', rampPercent: 10, isForced: false }),
    ).toEqual({
      kind: 'promoted',
    })
    await becomes(watchA, 'other')
    expect(watchB.standing()).toBe('other')
    await promoteTo(house, 'b')
    await becomes(watchB, 'current')
    expect(watchA.standing()).toBe('other')
  })

  it('is unknown when the server has not answered for a while', async () => {
    const house = installation()
    const a = await house.run('a')
    await promoteTo(house, 'a')
    const own = await connectTemporal({ env: {}, address: server.address })
    const watch = watching(house, a, own)
    await becomes(watch, 'current')
    await own.connection.close()
    await becomes(watch, 'unknown')
  })
})

describe('a promotion', () => {
  it('of a build that never polled names those that did', async () => {
    const house = installation()
    expect(await promoteTo(house, 'a')).toEqual({ kind: 'unknown', known: [] })
    await house.run('a')
    expect(await promoteTo(house, 'b')).toEqual({ kind: 'unknown', known: ['a'] })
  })

  it('of a build that nobody polls is refused, unless it is forced', async () => {
    const house = installation()
    await house.run('a')
    await house.invent('ghost')
    expect(await promoteTo(house, 'a')).toEqual({ kind: 'promoted' })
    expect(await promoteTo(house, 'ghost')).toEqual({ kind: 'unpolled' })
    expect(await house.current()).toBe('a')
    const forced = { buildId: 'ghost', isForced: true }
    expect(await promote(house.rollout, forced)).toEqual({ kind: 'promoted' })
    const builds = (await reportDeployment(house.rollout))?.builds
    expect(builds).toContainEqual(expect.objectContaining({ buildId: 'ghost', state: 'current' }))
  })

  it("hands on the server's reason when somebody else manages the deployment", async () => {
    const house = installation()
    const { deploymentName } = await house.run('a')
    await manage(deploymentName)
    expect(await promoteTo(house, 'a')).toEqual({
      kind: 'refused',
      reason: expect.stringContaining('a controller'),
    })
  })
})

describe('the report on a deployment', () => {
  it('is none where no Worker has a build', async () => {
    expect(await reportDeployment(installation().rollout)).toBeUndefined()
  })

  it('tells states, Workers and open turns, and the turn runs as long as a Worker of its build polls', async () => {
    const house = installation()
    const call = hangingCall()
    const ports = fakePorts({ vendor: scriptedVendor(call.answer) })
    await house.run('a')
    await house.run('b', ports)
    await promoteTo(house, 'b')
    const turn = ports.accept('hello')
    await house.start(turn)
    await call.began
    await promoteTo(house, 'a')
    await until('the open turn is counted', async () => {
      const builds = (await reportDeployment(house.rollout))?.builds
      return builds?.some(({ openTurns }) => openTurns === 1) || undefined
    })
    const report = await reportDeployment(house.rollout)
    expect(report).toMatchObject({ isUnversioned: false, unversionedWorkers: 0 })
    expect(report?.builds).toEqual(
      expect.arrayContaining([
        { buildId: 'a', state: 'current', rampPercent: 0, workers: 1, openTurns: 0 },
        { buildId: 'b', state: 'draining', rampPercent: 0, workers: 1, openTurns: 1 },
      ]),
    )
    expect(await createTurnWorkflows(link.client).standing(turn)).toBe('running')
  })
})

describe('a turn of a build', () => {
  const version = (buildId: string) => ({ deploymentName: 'turnkeeper', buildId })
  const polledBy = (...builds: readonly string[]) =>
    builds.map((buildId) => ({ identity: `a worker of ${buildId}`, version: version(buildId) }))

  it.each([
    ['has a worker of its own', 'new', ['old', 'new'], false],
    ['waits for one of the current build, which is its own', 'old', [], false],
    ['could be helped by nobody', 'new', [], false],
    ['waits although the current build could go on with it', 'new', ['new'], true],
  ])('that %s', (_, current, polled, expected) => {
    const routing = {
      current: version(current),
      isRamping: false,
      pollers: polledBy(...polled),
    }
    expect(isAbandoned(routing, version('old'))).toBe(expected)
  })

  it('is not given up where turns go to Workers without a build', () => {
    const pollers = [{ identity: 'a worker', version: undefined }]
    const routing = { current: undefined, isRamping: false, pollers }
    expect(isAbandoned(routing, version('old'))).toBe(false)
  })
})
