import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { OVERLAP_POLICIES } from '../../schema/turn.ts'
import { makePlan } from './make-plan.ts'
import { isSay, type Op, type Plan, plan } from './plan.ts'
import { loadPlan, savePlan } from './plan-file.ts'
import { createRandom } from './random.ts'

const made = (seed: number) => makePlan({ seed, minutes: 5, rate: 2 })
const faultsOf = ({ ops }: Plan) => ops.flatMap((op) => (op.kind === 'fault' ? [op.what] : []))

describe('the random choices', () => {
  const drawn = (seed: number) => {
    const random = createRandom(seed)
    return Array.from({ length: 1_000 }, () => random.next())
  }

  it('are the same for a seed, and others for another', () => {
    expect(drawn(7)).toEqual(drawn(7))
    expect(drawn(7)).not.toEqual(drawn(8))
  })

  it('are spread evenly, with both ends', () => {
    const random = createRandom(1)
    const drawnNumbers = Array.from({ length: 4_000 }, () => random.whole(1, 4))
    const counts = [0, 1, 2, 3, 4, 5].map((n) => drawnNumbers.filter((one) => one === n).length)
    expect(counts.map((count) => Math.round(count / 200) * 200)).toEqual([
      ...[0, 1_000, 1_000, 1_000, 1_000, 0],
    ])
  })

  it('keep to weights', () => {
    const random = createRandom(2)
    const chosen = Array.from({ length: 2_000 }, () =>
      random.weighted([
        [3, 'often'],
        [1, 'seldom'],
        [0, 'never'],
      ]),
    )
    const share = chosen.filter((one) => one === 'often').length / chosen.length
    expect(share).toBeCloseTo(0.75, 1)
    expect(chosen).not.toContain('never')
  })

  it('of a branch do not move those of another', () => {
    const random = createRandom(4)
    const before = random.fork('one').next()
    random.fork('two').next()
    expect(random.fork('one').next()).toBe(before)
    expect(random.fork('two').next()).not.toBe(before)
  })
})

describe('a plan', () => {
  it('is the same for the same seed, and another for another seed', () => {
    expect(made(11)).toEqual(made(11))
    expect(made(11).ops).not.toEqual(made(12).ops)
  })

  it('begins its operations in the order of time, and none after its end but what follows a message', () => {
    const { ops, forMs } = made(13)
    expect(ops.map(({ at }) => at)).toEqual(ops.map(({ at }) => at).toSorted((a, b) => a - b))
    const faults = ops.filter(({ kind }) => kind === 'fault')
    expect(Math.max(...faults.map(({ at }) => at))).toBeLessThan(forMs)
  })

  it('has every policy, fault, transport and way of the platforms somewhere', () => {
    const plans = [1, 2, 3, 4].map(made)
    const says = plans.flatMap(({ ops }) => ops.filter(isSay))
    const seen = <T>(values: readonly T[]) => [...new Set(values)].toSorted()
    expect(seen(says.map(({ overlap }) => overlap))).toEqual(OVERLAP_POLICIES.toSorted())
    expect(seen(says.map(({ transport }) => transport))).toEqual(['http', 'sse', 'websocket'])
    const kinds = plan.shape.ops.element.options.map((option) => option.shape.kind.value)
    expect(seen(plans.flatMap(({ ops }) => ops.map(({ kind }: Op) => kind)))).toEqual(
      kinds.toSorted(),
    )
    expect(seen(plans.flatMap(faultsOf).map(({ fault }) => fault))).toEqual(
      ['cut', 'kill', 'pause', 'platform', 'postgres', 'temporal', 'term'].toSorted(),
    )
    expect(seen(plans.flatMap(({ rooms }) => rooms.map(({ source }) => source)))).toEqual([
      ...['nonce', 'none', 'own', 'reserve'],
    ])
  })

  it('stops Postgres for at most 3 s, every 5 to 10 s', () => {
    const times = made(14).ops.flatMap((op) =>
      op.kind === 'fault' && op.what.fault === 'postgres' ? [{ at: op.at, ...op.what }] : [],
    )
    expect(times.length).toBeGreaterThan(30)
    for (const [index, { at, forMs }] of times.entries()) {
      expect(forMs).toBeLessThanOrEqual(3_000)
      const gap = (times[index + 1]?.at ?? at + 5_000) - at
      expect(gap).toBeGreaterThanOrEqual(5_000)
      expect(gap).toBeLessThanOrEqual(10_000)
    }
  })
})

describe('the plan of an earlier run', () => {
  it('comes back as it was, from its folder or its file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'turnkeeper-plan-'))
    try {
      await savePlan(folder, made(21))
      expect(await loadPlan(folder)).toEqual(made(21))
      expect(await loadPlan(join(folder, 'plan.json'))).toEqual(made(21))
      const other = join(folder, 'other.json')
      await writeFile(other, JSON.stringify({ ...made(21), version: 2 }))
      await expect(loadPlan(other)).rejects.toThrow(/is no plan of this fuzzer: version/)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
