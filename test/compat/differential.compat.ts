import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createPluginSource } from '../../plugins/load/plugin-source.ts'
import { runSuites } from '../../plugins/load/run-suites.ts'
import { EXPECTED_FAILURES, TEST_COUNTS } from './expected-tests.ts'
import { type CompatHouse, openCompatHouse } from './house.ts'
import type { SuiteResults } from './suite-results.ts'
import { runUpstream } from './upstream.ts'

const PACKAGES = Object.keys(TEST_COUNTS)

/** The packages' own tests, on both runtimes, with the same vendor. */
describe('the tests that packages bring', () => {
  let house: CompatHouse
  let upstream: Readonly<Record<string, SuiteResults>>
  const here: Record<string, SuiteResults> = {}
  before(async () => {
    const there = runUpstream<Record<string, SuiteResults>>('tests')
    house = await openCompatHouse()
    for (const name of PACKAGES) here[name] = await resultsHere(house, name)
    upstream = await there
  })
  after(() => house.close())

  for (const name of PACKAGES) {
    it(`of ${name} give the same on ElizaOS's runtime and here, one by one`, () => {
      const both = [upstream[name] ?? {}, here[name] ?? {}].map(Object.entries<string>)
      const [there = [], ours = []] = both.map((all) => all.map(([test, r]) => [test, outcome(r)]))
      assert.equal(ours.length, TEST_COUNTS[name])
      assert.deepEqual(ours, there, JSON.stringify(here[name], null, 1))
    })

    it(`of ${name} fail only where the list of known failures says so`, () => {
      const failed = Object.entries(here[name] ?? {}).filter(([, r]) => outcome(r) === 'fail')
      const known = Object.keys(EXPECTED_FAILURES[name] ?? {})
      assert.deepEqual(failed.map(([test]) => test).sort(), known.sort())
    })
  }
})

const outcome = (result: string): string => (result === 'pass' ? 'pass' : 'fail')

async function resultsHere(house: CompatHouse, name: string): Promise<SuiteResults> {
  const places = { projectFolder: import.meta.dirname, dataFolder: house.dataDir }
  const source = createPluginSource({ ...places, redact: (text) => text })
  const results = await runSuites({
    loaded: await source.load(name),
    async openTestAgent() {
      const { id, runtime } = await house.agent([...new Set(['@elizaos/plugin-openai', name])])
      return { runtime, close: () => house.assembly.house.host.close(id) }
    },
    onResult: () => undefined,
  })
  return Object.fromEntries(
    results.map(({ test, error }) => [test, error === undefined ? 'pass' : `fail: ${error}`]),
  )
}
