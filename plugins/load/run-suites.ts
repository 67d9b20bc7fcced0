import { withinTime } from '../../agent/within-time.ts'
import type { ElizaPlugin, ElizaTestSuite } from '../contract.ts'
import { isMembered } from '../define/standard-schema.ts'
import type { LoadedPlugin } from '../plugin-host.ts'
import type { Runtime } from '../runtime.ts'
import { inScope } from '../scope.ts'

/** Of one test, unless told otherwise: it may ask a model. */
export const TEST_LIMIT_MS = 30_000

/** An agent of its own with the plugin and its dependencies, started; stub models answer. */
export interface TestAgent {
  readonly runtime: Runtime
  close(): Promise<void>
}

export interface SuitesToRun {
  readonly loaded: LoadedPlugin
  /** @throws why the plugin cannot be started: then every test of the suite fails by it */
  readonly openTestAgent: (loaded: LoadedPlugin) => Promise<TestAgent>
  /** @default TEST_LIMIT_MS */
  readonly limitMs?: number
  /** Each test as soon as it has ended. */
  readonly onResult: (result: TestResult) => void
}

export interface TestResult {
  readonly suite: string
  readonly test: string
  readonly ms: number
  /** Why it failed. */
  readonly error?: string
}

/**
 * Runs the suites that a plugin brings, one after the other and each with a fresh agent; its tests run in
 * their order and share what they leave behind, with the suite as their `this`, as ElizaOS does. A test that
 * throws fails, and so does one whose time is up; the others are run nevertheless.
 */
export async function runSuites({
  loaded,
  openTestAgent,
  limitMs = TEST_LIMIT_MS,
  onResult,
}: SuitesToRun): Promise<readonly TestResult[]> {
  const results: TestResult[] = []
  const tell = (result: TestResult) => {
    results.push(result)
    onResult(result)
  }
  for (const suite of suitesOf(loaded.plugin)) {
    await runSuite({ suite, loaded, limitMs, tell, openTestAgent })
  }
  return results
}

/** Packages give a list, or one suite alone. */
export function suitesOf({ tests }: ElizaPlugin): readonly ElizaTestSuite[] {
  const given: unknown = tests
  const list: readonly unknown[] = Array.isArray(given) ? given : given ? [given] : []
  return list.filter(isSuite)
}

const isSuite = (value: unknown): value is ElizaTestSuite =>
  isMembered(value) && typeof value.name === 'string' && Array.isArray(value.tests)

interface SuiteRun extends Pick<SuitesToRun, 'loaded' | 'openTestAgent'> {
  readonly suite: ElizaTestSuite
  readonly limitMs: number
  readonly tell: (result: TestResult) => void
}

async function runSuite({ suite, loaded, limitMs, tell, openTestAgent }: SuiteRun): Promise<void> {
  const { name } = suite
  const opened = await openTestAgent(loaded).then(
    (agent) => ({ agent }),
    (error: unknown) => ({ error: `Its agent does not start: ${reason(error)}` }),
  )
  if ('error' in opened) {
    for (const test of suite.tests) {
      tell({ suite: name, test: test.name, ms: 0, error: opened.error })
    }
    return
  }
  const { runtime, close } = opened.agent
  try {
    for (const test of suite.tests) {
      tell({ suite: name, ...(await runTest({ suite, test, runtime, limitMs, loaded })) })
    }
  } finally {
    await close()
  }
}

interface TestRun extends Pick<SuiteRun, 'suite' | 'loaded' | 'limitMs'> {
  readonly test: ElizaTestSuite['tests'][number]
  readonly runtime: Runtime
}

async function runTest({ suite, test, runtime, limitMs, loaded }: TestRun) {
  const member = `test ${test.name}`
  const place = { agentId: runtime.agentId, plugin: loaded.plugin.name, member }
  const began = performance.now()
  const timed = () => ({ test: test.name, ms: Math.round(performance.now() - began) })
  try {
    await withinTime(new AbortController().signal, limitMs, () =>
      inScope({ ...place, state: 'open' }, () => test.fn.call(suite, runtime)),
    )
    return timed()
  } catch (error) {
    return { ...timed(), error: reason(error) }
  }
}

const reason = (error: unknown): string =>
  isMembered(error) && typeof error.message === 'string' ? error.message : String(error)
