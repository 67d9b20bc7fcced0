import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { BreakerTarget } from '../../agent/breakers.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { openDatabase } from '../../database/open.ts'
import { readBreakers } from '../../limits/breaker-rows.ts'
import { type BreakersOptions, createBreakers, type SharedBreakers } from '../../limits/breakers.ts'
import { describeDatabases } from '../support/databases.ts'
import { eventually } from '../support/eventually.ts'
import { untilTrue } from './until-true.ts'

const SECOND = 1_000

let models = 0
/** Each test has a model of its own. */
const newTarget = (): BreakerTarget => {
  models += 1
  return { vendor: { name: 'openai' }, host: 'api.openai.test', model: `model-${models}` }
}

const times = (count: number) => Array.from({ length: count }, (_, index) => index)

async function fail(breakers: SharedBreakers, target: BreakerTarget, count = 5): Promise<void> {
  for (const _ of times(count)) {
    await breakers.report(target, 'failure', { errorCode: 'model_unavailable' })
  }
}

const kindOf = async (breakers: SharedBreakers, target: BreakerTarget) =>
  (await breakers.admit(target)).kind

/** Asks until the answer is `kind`, as calls would. */
async function untilAdmits(breakers: SharedBreakers, target: BreakerTarget, kind: string) {
  let last = ''
  const ask = async () => {
    last = await kindOf(breakers, target)
    return last === kind
  }
  await untilTrue(ask, () => `${kind}, but ${last}`)
}

describeDatabases('circuit breakers', (open) => {
  let database: OpenDatabase
  const opened: SharedBreakers[] = []
  /** As many as there are processes, on one database. */
  const breakersOf = (count: number, options: Partial<BreakersOptions> = {}) =>
    times(count).map(() => {
      const errors: unknown[] = []
      const breakers = createBreakers({
        ...{ db: database.db, refreshMs: 20, onError: (error) => errors.push(error) },
        ...options,
      })
      opened.push(breakers)
      return Object.assign(breakers, { errors })
    })
  const two = (options?: Partial<BreakersOptions>) => {
    const [a, b] = breakersOf(2, options)
    if (!a || !b) throw new Error('There are two.')
    return { a, b }
  }
  const rowOf = async ({ model }: BreakerTarget) =>
    (await readBreakers(database.db, 100)).find((row) => row.model === model)
  /** The database's clock, as far as a breaker's times are concerned. */
  const passes = async ({ model }: BreakerTarget, ms: number) => {
    await sql`
      update model_breakers set open_until = open_until - ${ms}::float8 * interval '1 millisecond',
        probe_until = probe_until - ${ms}::float8 * interval '1 millisecond'
      where model = ${model}`.execute(database.db)
  }

  beforeAll(async () => {
    database = await open()
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()))
  })

  it('one that opens in a process is open in all, and tells for how long', async () => {
    const { a, b } = two()
    const target = newTarget()
    await fail(a, target, 4)
    expect(await kindOf(a, target)).toBe('closed')
    await fail(a, target, 1)
    expect(await kindOf(a, target)).toBe('open')
    await untilAdmits(b, target, 'open')
    const verdict = await b.admit(target)
    if (verdict.kind !== 'open') throw new Error(verdict.kind)
    expect(verdict.retryAfterMs).toBeGreaterThan(10 * SECOND)
    expect(verdict.retryAfterMs).toBeLessThanOrEqual(15 * SECOND)
    expect(await rowOf(target)).toMatchObject({
      ...{ state: 'open', openings: 1, errorCode: 'model_unavailable' },
    })
  })

  it('a process that has been idle learns of it from its own first failure', async () => {
    const { a, b } = two({ refreshMs: 3_600_000 })
    const target = newTarget()
    await fail(a, target)
    expect(await kindOf(b, target)).toBe('closed')
    await fail(b, target, 1)
    await untilAdmits(b, target, 'open')
  })

  it('other models of the vendor, and the model at another host, stay closed', async () => {
    const { a } = two()
    const target = newTarget()
    await fail(a, target)
    expect(await kindOf(a, newTarget())).toBe('closed')
    expect(await kindOf(a, { ...target, host: 'elsewhere.test' })).toBe('closed')
    expect(await kindOf(a, { ...target, vendor: { name: 'groq' } })).toBe('closed')
  })

  it('exactly one of twenty callers in ten processes makes the probe', async () => {
    let clock = 0
    const processes = breakersOf(10, { now: () => clock, refreshMs: 3_600_000 })
    const target = newTarget()
    const [first, ...others] = processes
    if (!first) throw new Error('There are ten.')
    await fail(first, target)
    for (const one of others) {
      await fail(one, target, 1)
      await untilAdmits(one, target, 'open')
    }
    clock += 16 * SECOND
    await passes(target, 16 * SECOND)
    const callers = [...processes, ...processes]
    const verdicts = await Promise.all(callers.map((one) => kindOf(one, target)))
    expect(verdicts.toSorted()).toEqual([...times(19).map(() => 'open'), 'probe'])
  })

  it('a probe that is answered closes it for all', async () => {
    const { a, b } = two({ backoff: [0] })
    const target = newTarget()
    await fail(a, target)
    expect(await kindOf(a, target)).toBe('probe')
    expect(await rowOf(target)).toMatchObject({ state: 'half-open' })
    await untilAdmits(b, target, 'open')
    await a.report(target, 'success')
    expect(await kindOf(a, target)).toBe('closed')
    await untilAdmits(b, target, 'closed')
    expect(await rowOf(target)).toMatchObject({ state: 'closed', openings: 0, retryAt: null })
  })

  it('each failed probe doubles the time, up to five minutes', async () => {
    const { a } = two({ now: () => clock, refreshMs: 3_600_000 })
    let clock = 0
    const target = newTarget()
    await fail(a, target)
    const waits = []
    for (const _ of times(6)) {
      const verdict = await a.admit(target)
      waits.push(verdict.kind === 'open' ? verdict.retryAfterMs / SECOND : verdict.kind)
      clock += 300 * SECOND
      await passes(target, 300 * SECOND)
      expect(await kindOf(a, target)).toBe('probe')
      await a.report(target, 'failure')
    }
    expect(waits).toEqual([15, 30, 60, 120, 300, 300])
    const row = await rowOf(target)
    expect(row).toMatchObject({ state: 'open', openings: 7 })
    const inDatabase = Number(row?.retryAt) - Date.now()
    expect(inDatabase).toBeGreaterThan(240 * SECOND)
    expect(inDatabase).toBeLessThanOrEqual(301 * SECOND)
  })

  it('a probe whose process died is made by another one after its lease', async () => {
    const { a, b } = two({ backoff: [0] })
    const target = newTarget()
    await fail(a, target)
    expect(await kindOf(a, target)).toBe('probe')
    await a.close()
    await untilAdmits(b, target, 'open')
    await passes(target, 61 * SECOND)
    await untilAdmits(b, target, 'probe')
    await a.report(target, 'failure')
    expect(await rowOf(target)).toMatchObject({ state: 'half-open', openings: 1 })
    await b.report(target, 'success')
    expect(await rowOf(target)).toMatchObject({ state: 'closed' })
  })

  it('a probe that was aborted is free again at once', async () => {
    const { a, b } = two({ backoff: [0] })
    const target = newTarget()
    await fail(a, target)
    expect(await kindOf(a, target)).toBe('probe')
    await a.report(target, 'neutral')
    await untilAdmits(b, target, 'probe')
  })

  it('a call from before the opening neither ends the probe nor frees it', async () => {
    const { a } = two({ backoff: [0] })
    const target = newTarget()
    const before = await a.admit(target)
    await fail(a, target)
    expect(await kindOf(a, target)).toBe('probe')
    for (const outcome of ['success', 'failure', 'neutral'] as const) {
      await a.report(target, outcome, { verdict: before })
      expect(await rowOf(target)).toMatchObject({ state: 'half-open', openings: 1 })
    }
  })

  it('a probe that reports after its lease neither ends nor frees the one that followed it', async () => {
    let clock = 0
    const { a } = two({ now: () => clock, refreshMs: 3_600_000, backoff: [0, 60 * SECOND] })
    const target = newTarget()
    await fail(a, target)
    const late = await a.admit(target)
    clock += 61 * SECOND
    await passes(target, 61 * SECOND)
    const current = await a.admit(target)
    expect([late.kind, current.kind]).toEqual(['probe', 'probe'])
    for (const outcome of ['neutral', 'failure', 'success'] as const) {
      await a.report(target, outcome, { verdict: late })
      expect(await rowOf(target)).toMatchObject({ state: 'half-open', openings: 1 })
      expect(await kindOf(a, target)).toBe('open')
    }
    await a.report(target, 'failure', { verdict: current })
    expect(await rowOf(target)).toMatchObject({ state: 'open', openings: 2 })
    await a.report(target, 'success', { verdict: current })
    expect(await kindOf(a, target)).toBe('open')
  })

  it('opens when more than half of many calls fail, though never five in a row', async () => {
    const { a } = two()
    const target = newTarget()
    for (const _ of times(7)) {
      await fail(a, target, 2)
      await a.report(target, 'success')
    }
    expect(await kindOf(a, target)).toBe('open')
  })

  it('stays closed when calls are aborted, or fail now and then', async () => {
    const { a } = two()
    const target = newTarget()
    for (const _ of times(20)) {
      await a.report(target, 'neutral')
      await fail(a, target, 1)
      await a.report(target, 'success')
      await a.report(target, 'success')
    }
    expect(await kindOf(a, target)).toBe('closed')
    expect(await rowOf(target)).toBeUndefined()
  })

  it('makes no statement for calls that succeed, but one in the background now and then', async () => {
    const executed: string[] = []
    const db = database.db.withPlugin({
      transformQuery: ({ node }) => {
        executed.push(node.kind)
        return node
      },
      transformResult: async ({ result }) => result,
    })
    const { a } = two({ db, refreshMs: 50 })
    const target = newTarget()
    const succeed = async () => {
      expect(await kindOf(a, target)).toBe('closed')
      await a.report(target, 'success')
    }
    for (const _ of times(100)) await succeed()
    expect(executed.length).toBeLessThanOrEqual(2)
    await eventually(() => executed.length > 0)
  })

  it('whoever wants to probe what has closed meanwhile is let in at once', async () => {
    let clock = 0
    const { a, b } = two({ refreshMs: 3_600_000, now: () => clock })
    const target = newTarget()
    await fail(a, target)
    await fail(b, target, 1)
    await untilAdmits(b, target, 'open')
    clock += 16 * SECOND
    await passes(target, 16 * SECOND)
    expect(await kindOf(a, target)).toBe('probe')
    await a.report(target, 'success')
    expect(await kindOf(b, target)).toBe('closed')
  })

  it('closes when an operator deletes its row', async () => {
    const { a } = two()
    const target = newTarget()
    await fail(a, target)
    expect(await kindOf(a, target)).toBe('open')
    await sql`delete from model_breakers where model = ${target.model}`.execute(database.db)
    await untilAdmits(a, target, 'closed')
  })

  it('forgets what happened a day ago', async () => {
    const { a } = two()
    const [old, young] = [newTarget(), newTarget()]
    await fail(a, old)
    await sql`update model_breakers set updated_at = now() - interval '25 hours'
      where model = ${old.model}`.execute(database.db)
    await fail(a, young)
    expect(await rowOf(old)).toBeUndefined()
    expect(await rowOf(young)).toBeDefined()
  })

  it('is rightly open in the database for whoever opened it while Postgres was away', async () => {
    let isAway = true
    const db = database.db.withPlugin({
      transformQuery: ({ node }) => {
        if (isAway) throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
        return node
      },
      transformResult: async ({ result }) => result,
    })
    const { a } = two({ db, backoff: [0, 60_000] })
    const target = newTarget()
    await fail(a, target)
    expect(await rowOf(target)).toBeUndefined()
    isAway = false
    await untilAdmits(a, target, 'probe')
    await a.report(target, 'failure')
    expect(await kindOf(a, target)).toBe('open')
    expect(await rowOf(target)).toMatchObject({ state: 'open', openings: 2 })
  })
})

describe('a circuit breaker without Postgres', () => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await openDatabase({ postgresUrl: 'postgres://nobody@127.0.0.1:1/nowhere' })
  })
  afterAll(() => database.close())

  it('opens, probes and closes in its process, and throws nothing', async () => {
    const errors: unknown[] = []
    let clock = 0
    const breakers = createBreakers({
      ...{ db: database.db, refreshMs: 5, now: () => clock },
      onError: (error) => errors.push(error),
    })
    const target = newTarget()
    await fail(breakers, target)
    expect(await breakers.admit(target)).toEqual({ kind: 'open', retryAfterMs: 15_000 })
    clock += 15_000
    expect(await kindOf(breakers, target)).toBe('probe')
    expect(await breakers.admit(target)).toEqual({ kind: 'open', retryAfterMs: 2_000 })
    await breakers.report(target, 'failure')
    expect(await breakers.admit(target)).toEqual({ kind: 'open', retryAfterMs: 30_000 })
    clock += 30_000
    expect(await kindOf(breakers, target)).toBe('probe')
    await breakers.report(target, 'success')
    expect(await kindOf(breakers, target)).toBe('closed')
    expect(errors.length).toBeGreaterThan(3)
    await breakers.close()
  })
})
