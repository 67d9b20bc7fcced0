import type { ElizaTestSuite } from '../../plugins/contract.ts'
import type { Runtime } from '../../plugins/runtime.ts'

const LIMIT_MS = 30_000

/** `pass`, or `fail: why`, by the test's name. */
export type SuiteResults = Readonly<Record<string, string>>

/** As `runSuites` runs them here: in order, with the suite as `this`, a fresh agent per suite. */
export async function runUpstreamTests(
  suites: readonly ElizaTestSuite[],
  startRuntime: () => Promise<unknown>,
): Promise<SuiteResults> {
  const results: Record<string, string> = {}
  for (const suite of suites) {
    const runtime = (await startRuntime()) as Runtime // ElizaOS's own, which the tests are written for
    for (const { name, fn } of suite.tests) {
      results[name] = await limited(async () => fn.call(suite, runtime))
    }
  }
  return results
}

async function limited(work: () => Promise<unknown>): Promise<string> {
  const late = Promise.withResolvers<string>()
  const timer = setTimeout(() => late.resolve('fail: its time was up'), LIMIT_MS)
  const done = work().then(
    () => 'pass',
    (error: unknown) => `fail: ${error instanceof Error ? error.message : String(error)}`,
  )
  return Promise.race([done, late.promise]).finally(() => clearTimeout(timer))
}
