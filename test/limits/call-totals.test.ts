import { randomUUID } from 'node:crypto'
import { beforeAll, beforeEach, expect, it } from '@jest/globals'
import { type Kysely, sql } from 'kysely'
import type { OpenDatabase } from '../../database/open.ts'
import { addUpCalls, readCallTotals, readPendingCalls } from '../../limits/call-totals.ts'
import type { Database } from '../../schema/database.ts'
import { describeDatabases } from '../support/databases.ts'
import { plansOf } from '../support/query-plans.ts'

interface Call {
  readonly vendor?: string
  readonly model?: string
  readonly state?: 'pending' | 'complete' | 'cut' | 'unknown'
  readonly latencyMs?: number | null
  readonly cost?: number | null
  /** @default a minute ago */
  readonly finishedAgoMs?: number | null
  readonly count?: number
}

async function newAgent(db: Kysely<Database>): Promise<string> {
  const id = randomUUID()
  await sql`insert into agents (id, name, character, status) values (${id}, 'Ada', '{}', 'active')`.execute(
    db,
  )
  return id
}

async function addCalls(db: Kysely<Database>, agentId: string, call: Call): Promise<void> {
  const { vendor = 'openai', model = 'm', state = 'complete', latencyMs = 300, cost = 0.5 } = call
  const { finishedAgoMs = 60_000, count = 1 } = call
  await sql`
    insert into model_calls (id, agent_id, gen, step, call, attempt, vendor, model, purpose, state,
      input_tokens, output_tokens, cached_tokens, cost, latency_ms, created_at, finished_at)
    select gen_random_uuid(), ${agentId}, 1, 'decide', 1, 1, ${vendor}, ${model}, 'TEXT_LARGE', ${state},
      100, 20, 40, ${cost}::numeric, ${latencyMs}::int, clock_timestamp() - interval '1 day',
      clock_timestamp() - ${finishedAgoMs}::float8 * interval '1 millisecond'
    from generate_series(1, ${count}::int)`.execute(db)
}

describeDatabases('the ledger, added up', (open, kind) => {
  let database: OpenDatabase
  let db: Kysely<Database>
  let agentId: string

  beforeAll(async () => {
    database = await open()
    db = database.db
    agentId = await newAgent(db)
  })
  beforeEach(async () => {
    await sql`delete from model_calls`.execute(db)
    await sql`delete from model_call_totals`.execute(db)
    // As if metrics had been looked at an hour ago.
    await sql`update model_call_totals_mark set counted_to = now() - interval '1 hour'`.execute(db)
  })

  it('counts each call that has ended once, however often and by how many it is looked at', async () => {
    await addCalls(db, agentId, { count: 3 })
    await addCalls(db, agentId, { state: 'cut', latencyMs: null, cost: null, count: 2 })
    await Promise.all([addUpCalls(db), addUpCalls(db), addUpCalls(db)])
    await addUpCalls(db)
    expect(await readCallTotals(db)).toEqual([
      {
        ...{ vendor: 'openai', model: 'm', state: 'complete', bucket: 1, calls: 3 },
        ...{ inputTokens: 300, outputTokens: 60, cachedTokens: 120 },
        ...{ cost: 1.5, unpricedCalls: 0, latencyMs: 900 },
      },
      {
        ...{ vendor: 'openai', model: 'm', state: 'cut', bucket: -1, calls: 2 },
        ...{ inputTokens: 200, outputTokens: 40, cachedTokens: 80 },
        ...{ cost: 0, unpricedCalls: 2, latencyMs: 0 },
      },
    ])
  })

  it('leaves out what runs, and what ended a moment ago, until it is safe to count', async () => {
    await addCalls(db, agentId, { state: 'pending', finishedAgoMs: null, count: 2 })
    await addCalls(db, agentId, { finishedAgoMs: 0 })
    await addUpCalls(db)
    expect(await readCallTotals(db)).toEqual([])
    expect(await readPendingCalls(db)).toEqual([{ vendor: 'openai', calls: 2 }])
    await sql`update model_calls set finished_at = finished_at - interval '11 seconds'`.execute(db)
    await sql`update model_call_totals_mark set counted_to = now() - interval '1 hour'`.execute(db)
    await addUpCalls(db)
    expect(await readCallTotals(db)).toMatchObject([{ calls: 1 }])
  })

  it('sorts latencies into buckets, the upper end of each included', async () => {
    for (const latencyMs of [0, 250, 251, 500, 80_000, 80_001]) {
      await addCalls(db, agentId, { latencyMs })
    }
    await addUpCalls(db)
    const buckets = (await readCallTotals(db)).map(({ bucket, calls }) => [bucket, calls])
    expect(buckets).toEqual([
      [0, 2],
      [1, 2],
      [8, 1],
      [9, 1],
    ])
  })

  it('catches up six hours at a time', async () => {
    await sql`update model_call_totals_mark set counted_to = now() - interval '10 hours'`.execute(
      db,
    )
    const hour = 3_600_000
    await addCalls(db, agentId, { finishedAgoMs: 9 * hour })
    await addCalls(db, agentId, { finishedAgoMs: hour })
    await addUpCalls(db)
    expect(await readCallTotals(db)).toMatchObject([{ calls: 1 }])
    await addUpCalls(db)
    expect(await readCallTotals(db)).toMatchObject([{ calls: 2 }])
  })

  it('shows the 200 models that are asked most, and the rest of a vendor as one', async () => {
    await sql`
      insert into model_call_totals (vendor, model, state, bucket, calls, input_tokens, output_tokens,
        cached_tokens, cost, unpriced_calls, latency_ms)
      select 'openai', 'model-' || n, 'complete', 0, n, 1, 1, 0, 0, 0, 1
      from generate_series(1, 203) n`.execute(db)
    const totals = await readCallTotals(db)
    expect(totals).toHaveLength(201)
    expect(totals.find(({ model }) => model === 'other')).toMatchObject({ calls: 1 + 2 + 3 })
  })

  if (kind === 'postgres') {
    it('reads the calls that are new, not the ledger', async () => {
      await addCalls(db, agentId, { finishedAgoMs: 7_200_000, count: 5_000 })
      await addCalls(db, agentId, { count: 20 })
      await sql`analyze model_calls`.execute(db)
      if (!database.pool) throw new Error('Postgres has a pool.')
      const plans = await plansOf(database.pool, addUpCalls)
      expect(plans.flatMap(({ scanned }) => scanned)).not.toContain('model_calls')
      expect(plans.flatMap(({ indexes }) => indexes)).toContain('model_calls_finished')
      expect(plans.reduce((sum, { read }) => sum + (read.model_calls ?? 0), 0)).toBeLessThan(100)
    })
  }
})
