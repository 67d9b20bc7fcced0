import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { PROBES, runProbes } from './bootstrap-probes.ts'
import { EXPECTED_MEMBERS } from './expected-members.ts'
import { type CompatAgent, type CompatHouse, openCompatHouse } from './house.ts'
import { openScene, says, stateOf } from './scene.ts'
import { runUpstream } from './upstream.ts'

const PACKAGE = '@elizaos/plugin-bootstrap'

describe(PACKAGE, () => {
  let house: CompatHouse
  let plain: CompatAgent
  let ours: Record<string, string>
  let upstream: Record<string, string>
  before(async () => {
    const there = runUpstream<Record<string, string>>('probes')
    house = await openCompatHouse()
    plain = await house.agent(['@elizaos/plugin-openai', PACKAGE], {
      settings: { TURNKEEPER_BUILT_INS: false },
    })
    ours = await runProbes(plain.runtime, house.stub)
    upstream = await there
  })
  after(() => house.close())

  it('is loaded whole where our built-ins are off', () => {
    const report = plain.report.find(({ name }) => name === 'bootstrap')
    assert.equal(report?.state, 'loaded', report?.reason ?? '')
    const { actions, providers, evaluators } = report?.members ?? {}
    assert.deepEqual([actions, providers, evaluators], [13, 16, 1])
  })

  it('starts none of its services: tasks and vectors are the host’s', () => {
    for (const type of ['task', 'embedding-generation']) {
      const service = plain.runtime.getService(type)
      assert.ok(!/TaskService|EmbeddingGeneration/.test(String(service?.constructor.name)), type)
    }
  })

  for (const { member } of PROBES) {
    it(`${member}: works here at least where it works upstream`, () => {
      const expected = EXPECTED_MEMBERS[member]
      assert.ok(expected, `${member} is not in expected-members.ts`)
      assert.equal(wordOf(upstream[member]), expected.upstream, `upstream ${upstream[member]}`)
      assert.equal(wordOf(ours[member]), expected.here, `here ${ours[member]}`)
    })
  }

  it('has no action started by a part of its name', async () => {
    const scene = await openScene(plain.runtime, house.stub)
    // ElizaOS takes it for MUTE_ROOM, or UNMUTE_ROOM, as it happens.
    await says(scene, 'Please mute this room', { actions: 'ROOM' })
    assert.equal(await stateOf(scene), null)
  })

  it('is superseded where our built-ins are on', async () => {
    const { report } = await house.agent([PACKAGE, './asking-plugin.ts'])
    const bootstrap = report.find(({ asked }) => asked === PACKAGE)
    assert.equal(bootstrap?.state, 'superseded')
    assert.match(bootstrap?.reason ?? '', /built-in actions.*TURNKEEPER_BUILT_INS is false/)
  })

  it('leaves no rejection behind', () => {
    assert.doesNotMatch(house.log(), /that nobody handles/)
  })
})

const wordOf = (result = 'was not run'): string => result.split(':')[0] ?? result
