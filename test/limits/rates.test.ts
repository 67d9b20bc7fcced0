import { afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { VendorLimits } from '../../agent/models.ts'
import type { Leave, RateTicket } from '../../agent/rates.ts'
import { type OpenDatabase, openDatabase } from '../../database/open.ts'
import { tokenPace } from '../../limits/pace.ts'
import { correctRate, type RateKey, readRates, reserve } from '../../limits/rate-rows.ts'
import {
  createRateLimits,
  type RateLimitsOptions,
  type SharedRateLimits,
} from '../../limits/rates.ts'
import { describeDatabases } from '../support/databases.ts'
import { eventually } from '../support/eventually.ts'
import { untilTrue } from './until-true.ts'

const MINUTE = 60_000
const FAR = 1e9

let accounts = 0
const newKey = (): RateKey => {
  accounts += 1
  return { vendor: 'openai', host: 'api.openai.test', account: `account-${accounts}` }
}

const times = (count: number) => Array.from({ length: count }, (_, index) => index)

const targetOf = (key: RateKey, limits: Partial<VendorLimits> = {}): RateTicket['target'] => ({
  ...{ vendor: { name: key.vendor }, host: key.host, account: key.account },
  limits: { maxConcurrent: 1_000, ...limits },
})

const ticketOf = (target: RateTicket['target'], more: Partial<RateTicket> = {}): RateTicket => ({
  ...{ target, agentId: 'a', roomId: '1', tokens: 0, signal: new AbortController().signal },
  ...more,
})

/** The most that begins within `windowMs`, wherever the window begins. */
function mostWithin(
  begun: readonly { readonly at: number; readonly count: number }[],
  windowMs: number,
): number {
  const sorted = begun.toSorted((a, b) => a.at - b.at)
  const sums = sorted.map(({ at }) =>
    sorted
      .filter((other) => other.at >= at && other.at < at + windowMs)
      .reduce((sum, { count }) => sum + count, 0),
  )
  return Math.max(...sums)
}

describeDatabases('rate limits', (open) => {
  let database: OpenDatabase
  const opened: SharedRateLimits[] = []
  const process = (options: Partial<RateLimitsOptions> = {}): SharedRateLimits => {
    const rates = createRateLimits({ db: database.db, refreshMs: 20, ...options })
    opened.push(rates)
    return rates
  }
  const rowOf = async ({ account }: RateKey) =>
    (await readRates(database.db, 1_000)).find((row) => row.account === account)

  beforeAll(async () => {
    database = await open()
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()))
  })

  it('300 calls of three callers at once never make more than 60 in any minute', async () => {
    const key = newKey()
    const limits = { maxConcurrent: 1, requestsPerMinute: 60 }
    const caller = async () => {
      const reserved = []
      for (const _ of times(100)) {
        const { at } = await reserve(database.db, key, { limits, tokens: 0, maxAheadMs: FAR })
        reserved.push({ at, count: 1 })
      }
      return reserved
    }
    const all = (await Promise.all([caller(), caller(), caller()])).flat()
    expect(all).toHaveLength(300)
    expect(mostWithin(all, MINUTE)).toBeLessThanOrEqual(60)
    expect(mostWithin(all, MINUTE)).toBeGreaterThan(55)
    const first = Math.min(...all.map(({ at }) => at))
    // Six at once, and the last of them within about 300 / 55 minutes.
    expect(all.filter(({ at }) => at < first + 1_000)).toHaveLength(6)
    expect(Math.max(...all.map(({ at }) => at)) - first).toBeLessThan(6 * MINUTE)
  })

  it('calls of all sizes never use more than the tokens of a minute, those above a burst included', async () => {
    const key = newKey()
    const limits = { maxConcurrent: 1, tokensPerMinute: 30_000 }
    const sizes = times(60).map((n) => [300, 2_500, 9_000, 40, 20_000, 30_000][n % 6] ?? 0)
    const all = []
    for (const count of sizes) {
      const { at } = await reserve(database.db, key, { limits, tokens: count, maxAheadMs: FAR })
      all.push({ at, count })
    }
    expect(mostWithin(all, MINUTE)).toBeLessThanOrEqual(30_000)
    expect(mostWithin(all, MINUTE)).toBeGreaterThan(25_000)
  })

  it('a call that asks for more than a minute has takes a minute', async () => {
    const key = newKey()
    const limits = { maxConcurrent: 1, tokensPerMinute: 1_000 }
    const ask = (tokens: number) => reserve(database.db, key, { limits, tokens, maxAheadMs: FAR })
    expect((await ask(1_000_000)).waitMs).toBe(0)
    const { waitMs } = await ask(1)
    expect(waitMs).toBeGreaterThan(55_000)
    expect(waitMs).toBeLessThan(MINUTE * 1.3)
  })

  it('three processes keep one pace, measured when their calls begin', async () => {
    const target = targetOf(newKey(), { requestsPerMinute: 600 })
    const begun: number[] = []
    const processes = times(3).map(() => process())
    const start = performance.now()
    const call = async (rates: SharedRateLimits) => {
      const leave = await rates.enter(ticketOf(target))
      begun.push(performance.now() - start)
      leave()
    }
    await Promise.all(processes.flatMap((rates) => times(23).map(() => call(rates))))
    expect(begun).toHaveLength(69)
    // 60 at once, then one per 111 ms: late they may be, early never.
    expect(begun.filter((at) => at < 500).length).toBeLessThanOrEqual(64)
    expect(Math.max(...begun)).toBeGreaterThan(9 * 110)
  })

  it('makes no statement where no limit is set, but one in the background now and then', async () => {
    const executed: string[] = []
    const db = database.db.withPlugin({
      transformQuery: ({ node }) => {
        executed.push(node.kind)
        return node
      },
      transformResult: async ({ result }) => result,
    })
    const rates = process({ db, refreshMs: 3_600_000 })
    const target = targetOf(newKey())
    for (const _ of times(50)) {
      const leave = await rates.enter(ticketOf(target, { tokens: 1_000 }))
      leave(900)
    }
    expect(executed).toEqual([])
  })

  it('gives back the tokens that a call did not use, and takes those that it used too many', async () => {
    const key = newKey()
    const rates = process()
    const target = targetOf(key, { tokensPerMinute: 10_000 })
    const leave = await rates.enter(ticketOf(target, { tokens: 9_000 }))
    leave(10)
    leave(5_000)
    await untilTokens(key, 10)
    // 9,000 of 10,000 would have owed a minute's rest.
    const second = await rates.enter(ticketOf(target, { tokens: 100 }))
    second(8_000)
    await untilTokens(key, 8_010, 8_000)
    const owed = 8_000 * tokenPace(target.limits).everyMs
    expect(owed).toBeGreaterThan(30_000)
    const refused = await failed(rates.enter(ticketOf(target, { tokens: 3_000 })))
    expect(refused).toMatchObject({ code: 'model_unavailable', retryable: true })
  })

  it('takes nothing for a call that was never made, neither tokens nor a request', async () => {
    const key = newKey()
    const rates = process()
    const target = targetOf(key, { requestsPerMinute: 1, tokensPerMinute: 10_000 })
    for (const _ of times(3)) {
      const leave = await rates.enter(ticketOf(target, { tokens: 9_000 }))
      leave(0)
      await untilTrue(async () => {
        const { requests, tokens } = (await rowOf(key)) ?? {}
        return requests === 0 && tokens === 0
      })
    }
    const leave = await rates.enter(ticketOf(target, { tokens: 9_000 }))
    leave(1)
    expect(await failed(rates.enter(ticketOf(target)))).toMatchObject({ retryable: true })
  })

  it('gives a request back only as long as the others are not paced by it', async () => {
    // One every 11 ms: after that the account may have come to rest, and owes nobody anything.
    const limits = { maxConcurrent: 1, requestsPerMinute: 6_000, tokensPerMinute: 10_000 }
    const reserved = async (key: RateKey) =>
      (await reserve(database.db, key, { limits, tokens: 500, maxAheadMs: FAR })).at
    const owed = async ({ account }: RateKey) => {
      const { rows } = await sql<{ ms: number }>`
        select (extract(epoch from requests_free_at - granted_at) * 1000)::float8 as ms
        from model_rates where account = ${account}`.execute(database.db)
      return rows[0]?.ms
    }
    const [alone, followed] = [newKey(), newKey()]
    const first = { alone: await reserved(alone), followed: await reserved(followed) }
    const began = performance.now()
    await eventually(() => performance.now() - began > 30)
    await reserved(followed)
    const unmade = { limits, tokens: -500 }
    await correctRate(database.db, alone, { ...unmade, unmadeAt: first.alone })
    await correctRate(database.db, followed, { ...unmade, unmadeAt: first.followed })
    expect(await owed(alone)).toBe(0)
    expect(await owed(followed)).toBeGreaterThan(11)
  })

  it('whoever would wait for more than half a minute is sent away, and comes back in time', async () => {
    const key = newKey()
    const rates = process()
    const target = targetOf(key, { requestsPerMinute: 1 })
    await rates.enter(ticketOf(target))
    const error = await failed(rates.enter(ticketOf(target)))
    expect(error).toMatchObject({ code: 'model_unavailable', retryable: true })
    const { retryAfterMs } = error as { retryAfterMs: number }
    expect(retryAfterMs).toBeGreaterThan(50_000)
    expect(retryAfterMs).toBeLessThan(91_000)
    expect(await rowOf(key)).toMatchObject({ requests: 1, requestsPerMinute: 1 })
  })

  it('a pause that a vendor asked for holds in all processes', async () => {
    const key = newKey()
    const [a, b] = [process(), process()]
    a.pause(targetOf(key), 70_000)
    const error = await failed(a.enter(ticketOf(targetOf(key))))
    expect(error).toMatchObject({ retryable: true })
    expect((error as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(60_000)
    let refused: unknown
    await untilTrue(async () => {
      const leave = await b.enter(ticketOf(targetOf(key))).catch((reason: unknown) => {
        refused = reason
      })
      leave?.()
      return refused !== undefined
    })
    expect(refused).toMatchObject({ code: 'model_unavailable', retryable: true })
    expect((await rowOf(key))?.pausedUntil?.getTime()).toBeGreaterThan(Date.now() + 50_000)
  })

  it('a process that has not heard of a pause learns of it when it asks for a time', async () => {
    const key = newKey()
    const [a, b] = [process(), process({ refreshMs: 3_600_000 })]
    a.pause(targetOf(key), 70_000)
    await untilTrue(async () => (await rowOf(key)) !== undefined)
    const error = await failed(b.enter(ticketOf(targetOf(key, { requestsPerMinute: 60 }))))
    expect(error).toMatchObject({ code: 'model_unavailable', retryable: true })
  })

  it('a short pause is waited for', async () => {
    const rates = process()
    const target = targetOf(newKey())
    const began = performance.now()
    rates.pause(target, 150)
    const leave = await rates.enter(ticketOf(target))
    expect(performance.now() - began).toBeGreaterThanOrEqual(149)
    leave()
  })

  it('forgets accounts that nobody has used for an hour', async () => {
    let clock = 0
    const rates = process({ now: () => clock })
    const [old, young] = [newKey(), newKey()]
    for (const key of [old, young]) {
      const leave = await rates.enter(ticketOf(targetOf(key, { requestsPerMinute: 60 })))
      leave()
    }
    await sql`update model_rates set updated_at = now() - interval '2 hours'
      where account = ${old.account}`.execute(database.db)
    clock += 11 * MINUTE
    let rows: readonly RateKey[] = []
    await untilTrue(async () => {
      const leave = await rates.enter(ticketOf(targetOf(newKey())))
      leave()
      rows = await readRates(database.db, 1_000)
      return rows.every(({ account }) => account !== old.account)
    })
    expect(rows.map(({ account }) => account)).toContain(young.account)
  })

  /** Or what stands there when a minute ended in between. */
  async function untilTokens(key: RateKey, tokens: number, late = 0): Promise<void> {
    let read: number | undefined
    const check = async () => {
      read = (await rowOf(key))?.tokens
      return read === tokens || read === late
    }
    await untilTrue(check, () => `${tokens} tokens, but ${read}`)
  }
})

const failed = (entering: Promise<Leave>): Promise<unknown> =>
  entering.then(
    () => {
      throw new Error('It was let in.')
    },
    (error: unknown) => error,
  )

describe('slots and queues of one process', () => {
  let database: OpenDatabase
  const opened: SharedRateLimits[] = []
  const process = (options: Partial<RateLimitsOptions> = {}) => {
    const rates = createRateLimits({ db: database.db, ...options })
    opened.push(rates)
    return rates
  }
  beforeAll(async () => {
    // Nobody listens there: what is tried here needs no Postgres.
    database = await openDatabase({ postgresUrl: 'postgres://nobody@127.0.0.1:1/nowhere' })
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()))
  })

  /** Calls that hang: what entered, in order, with its way out. */
  function hanging(rates: SharedRateLimits, target: RateTicket['target']) {
    const inside: { readonly name: string; readonly leave: Leave }[] = []
    const refused: { readonly name: string; readonly error: unknown }[] = []
    return {
      inside,
      refused,
      names: () => inside.map(({ name }) => name),
      call(name: string, more: Partial<RateTicket> = {}) {
        const [agentId = '', roomId = ''] = name.split('/')
        const entering = rates.enter(ticketOf(target, { agentId, roomId, ...more }))
        entering.then(
          (leave) => inside.push({ name, leave }),
          (error: unknown) => refused.push({ name, error }),
        )
      },
    }
  }

  it('a hanging vendor takes its own slots, and no other’s', async () => {
    const rates = process()
    const ill = hanging(rates, targetOf(newKey(), { maxConcurrent: 2 }))
    for (const n of times(10)) ill.call(`a/1/${n}`)
    await eventually(() => ill.inside.length === 2)
    const well = hanging(rates, targetOf(newKey(), { maxConcurrent: 2 }))
    well.call('b/1/x')
    await eventually(() => well.inside.length === 1)
    expect(ill.inside).toHaveLength(2)
    expect(rates.use()).toMatchObject([
      { running: 2, waiting: 8, maxConcurrent: 2 },
      { running: 1, waiting: 0 },
    ])
  })

  it('whoever gets no slot in time is sent away, and its place in the queue is free', async () => {
    const rates = process({ maxWaitMs: 40, maxWaiting: 2 })
    const vendor = hanging(rates, targetOf(newKey(), { maxConcurrent: 1 }))
    for (const n of times(3)) vendor.call(`a/1/${n}`)
    await eventually(() => vendor.refused.length === 2)
    expect(vendor.refused.map(({ name }) => name)).toEqual(['a/1/1', 'a/1/2'])
    expect(vendor.refused[0]?.error).toMatchObject({ code: 'model_unavailable', retryable: true })
    const { error } = vendor.refused[0] ?? {}
    expect((error as { retryAfterMs: number }).retryAfterMs).toBeGreaterThanOrEqual(2_000)
    expect(String(error)).toMatch(
      /was not asked: its turn did not come within 0\.04 s, 1 of 1 slots/,
    )
    expect(rates.use()).toMatchObject([{ running: 1, waiting: 0 }])
    vendor.call('a/1/3')
    vendor.inside[0]?.leave()
    await eventually(() => vendor.inside.length === 2)
    expect(vendor.names()).toEqual(['a/1/0', 'a/1/3'])
    expect(vendor.refused).toHaveLength(2)
  })

  it('a flood of one room delays another agent by one call, not by the flood', async () => {
    const rates = process()
    const vendor = hanging(rates, targetOf(newKey(), { maxConcurrent: 1 }))
    for (const n of times(40)) vendor.call(`a/1/${n}`)
    vendor.call('b/1/x')
    vendor.call('b/2/x')
    for (const n of times(5)) {
      await eventually(() => vendor.inside.length === n + 1)
      vendor.inside[n]?.leave()
    }
    expect(vendor.names().slice(0, 5)).toEqual(['a/1/0', 'a/1/1', 'b/1/x', 'a/1/2', 'b/2/x'])
  })

  it('leaving twice frees one slot', async () => {
    const rates = process()
    const vendor = hanging(rates, targetOf(newKey(), { maxConcurrent: 1 }))
    for (const n of times(3)) vendor.call(`a/1/${n}`)
    await eventually(() => vendor.inside.length === 1)
    vendor.inside[0]?.leave()
    vendor.inside[0]?.leave()
    await eventually(() => vendor.inside.length === 2)
    expect(rates.use()).toMatchObject([{ running: 1, waiting: 1 }])
  })

  it('whoever gives up leaves the queue at once, with its own reason', async () => {
    const rates = process()
    const vendor = hanging(rates, targetOf(newKey(), { maxConcurrent: 1 }))
    const giveUp = new AbortController()
    vendor.call('a/1/0')
    vendor.call('a/1/1', { signal: giveUp.signal })
    vendor.call('a/1/2')
    await eventually(() => vendor.inside.length === 1)
    const reason = new Error('cancelled')
    giveUp.abort(reason)
    expect(rates.use()).toMatchObject([{ waiting: 1 }])
    await eventually(() => vendor.refused.length === 1)
    expect(vendor.refused[0]?.error).toBe(reason)
    vendor.inside[0]?.leave()
    await eventually(() => vendor.inside.length === 2)
    expect(vendor.names()).toEqual(['a/1/0', 'a/1/2'])
    vendor.call('a/1/3', { signal: AbortSignal.abort(reason) })
    await eventually(() => vendor.refused.length === 2)
    expect(vendor.refused[1]?.error).toBe(reason)
  })

  it('a full queue sends whoever comes back to Temporal, but not an agent that has less in it', async () => {
    const rates = process({ maxWaiting: 5 })
    const vendor = hanging(rates, targetOf(newKey(), { maxConcurrent: 1 }))
    for (const n of times(7)) vendor.call(`a/1/${n}`)
    await eventually(() => vendor.refused.length === 1)
    expect(vendor.refused[0]).toMatchObject({
      name: 'a/1/6',
      error: { name: 'ModelError', code: 'model_unavailable', retryable: true },
    })
    const { error } = vendor.refused[0] ?? {}
    expect((error as { retryAfterMs: number }).retryAfterMs).toBeGreaterThanOrEqual(2_000)
    expect(String(error)).toMatch(/'openai' at 'api\.openai\.test' was not asked: 5 calls wait/)
    vendor.call('b/1/x')
    await eventually(() => vendor.refused.length === 2)
    expect(vendor.refused[1]?.name).toBe('a/1/5')
    expect(rates.use()).toMatchObject([{ waiting: 5 }])
  })

  it('several hanging vendors leave room to wait for one that works', async () => {
    const rates = process({ maxWaiting: 5, maxWaitingInAll: 8 })
    const ill = times(2).map(() => hanging(rates, targetOf(newKey(), { maxConcurrent: 1 })))
    for (const vendor of ill) for (const n of times(5)) vendor.call(`a/1/${n}`)
    const well = hanging(rates, targetOf(newKey(), { maxConcurrent: 1 }))
    for (const n of times(2)) well.call(`b/1/${n}`)
    await eventually(() => well.inside.length === 1)
    expect(rates.use().map(({ waiting }) => waiting)).toEqual([3, 4, 1])
    expect(well.refused).toEqual([])
    expect(ill.flatMap(({ refused }) => refused)).toHaveLength(1)
  })

  it('without Postgres a process keeps the pace of requests for itself', async () => {
    const errors: unknown[] = []
    const rates = process({ onError: (error) => errors.push(error) })
    const target = targetOf(newKey(), { requestsPerMinute: 6_000, tokensPerMinute: 100_000 })
    const begun: { at: number; count: number }[] = []
    for (const _ of times(8)) {
      const leave = await rates.enter(ticketOf(target, { tokens: 10 }))
      begun.push({ at: performance.now(), count: 1 })
      leave(20)
    }
    expect((begun[7]?.at ?? 0) - (begun[0]?.at ?? 0)).toBeGreaterThan(7 * 10)
    expect(errors.length).toBeGreaterThanOrEqual(8)
  })

  it('refuses those who wait when the process ends, so that another one takes the step', async () => {
    const rates = process()
    const vendor = hanging(rates, targetOf(newKey(), { maxConcurrent: 1 }))
    for (const n of times(3)) vendor.call(`a/1/${n}`)
    await eventually(() => vendor.inside.length === 1)
    await rates.close()
    await eventually(() => vendor.refused.length === 2)
    expect(vendor.refused[0]?.error).toMatchObject({ retryable: true })
    vendor.call('a/1/9')
    await eventually(() => vendor.refused.length === 3)
    vendor.inside[0]?.leave()
  })

  it('remembers nothing of accounts that nobody uses', async () => {
    const rates = process()
    for (const _ of times(100)) {
      const leave = await rates.enter(ticketOf(targetOf(newKey())))
      leave()
    }
    await eventually(() => rates.use().length === 0)
  })
})
