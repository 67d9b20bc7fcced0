import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { SpendingRange, SpendingReport } from '../../api/spending-port.ts'
import { createSpendingPort } from '../../bin/api/spending.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { updateAgent } from '../../memory/agents.ts'
import type { Budget } from '../../schema/budget.ts'
import { claim } from '../../turns/journal.ts'
import { completeCall, endCall } from '../../turns/ledger.ts'
import { openCall } from '../../turns/ledger-open.ts'
import { deleteOldCounts } from '../../turns/spending.ts'
import { agentLine } from '../support/budget-lines.ts'
import { describeDatabases } from '../support/databases.ts'
import { ANSWER, type CallOptions, CUT, callOf } from '../support/ledger-calls.ts'
import { attemptOf, createAgent, createChannel, runTurn } from '../support/turn-fixtures.ts'

const TODAY = new Date().toISOString().slice(0, 10)

describeDatabases('what an agent spent', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  const db = () => database.db
  const running = async (agentId?: string) =>
    runTurn(db(), await createChannel(db(), agentId ? { agentIds: [agentId] } : {}))
  const report = (agentId: string, range: Partial<SpendingRange> = {}, budgets: Budget[] = []) =>
    createSpendingPort({ db: db(), budgets }).report(agentId, {
      ...{ from: TODAY, to: TODAY, groupBy: 'day' },
      ...range,
    })
  const ask = async (turn: Awaited<ReturnType<typeof running>>, options: CallOptions = {}) => {
    const call = callOf(turn, options)
    await claim(db(), attemptOf(turn), { step: 'decide', beforeSettle: true })
    await openCall(db(), call)
    return call
  }
  const keysOf = ({ groups }: SpendingReport) => groups.map(({ key, cost }) => [key, cost])

  it('is nothing at first', async () => {
    const { totals, groups, budgets } = await report(await createAgent(db()))
    expect(totals).toMatchObject({ cost: 0, inputTokens: 0, unpricedCalls: 0 })
    expect(groups).toEqual([])
    expect(budgets).toEqual([])
  })

  it('is the sum of its calls, those of unknown cost apart', async () => {
    const turn = await running()
    await completeCall(db(), await ask(turn, { call: 1 }), ANSWER)
    await endCall(db(), await ask(turn, { call: 2 }), CUT)
    await completeCall(db(), await ask(turn, { call: 3 }), { ...ANSWER, cost: null })
    await ask(turn, { call: 4 })
    await ask(await running(), { call: 1 })
    expect((await report(turn.agentId)).totals).toEqual({
      calls: { complete: 2, cut: 1, unknown: 0, pending: 1 },
      ...{ inputTokens: 360, outputTokens: 16, cachedTokens: 80, cacheWriteTokens: 10 },
      ...{ cost: 0.26, unpricedCalls: 1 },
    })
  })

  it('is told by day, model, room or user, the dearest first', async () => {
    const agentId = await createAgent(db())
    const [cheap, dear] = [await running(agentId), await running(agentId)]
    await endCall(db(), await ask(cheap, { model: 'small' }), CUT)
    await completeCall(db(), await ask(dear), ANSWER)
    const speech = { ...callOf(cheap), id: randomUUID(), attempt: null, vendor: 'groq' }
    await openCall(db(), speech)
    await completeCall(db(), speech, { ...ANSWER, cost: 0.1 })

    const by = async (groupBy: SpendingRange['groupBy']) =>
      keysOf(await report(agentId, { groupBy }))
    expect(await by('day')).toEqual([[TODAY, 0.36]])
    expect(await by('model')).toEqual([
      ...[
        ['openai/stub', 0.25],
        ['groq/stub', 0.1],
      ],
      ['openai/small', 0.01],
    ])
    expect(await by('room')).toEqual([
      [dear.room.id, 0.25],
      [null, 0.1],
      [cheap.room.id, 0.01],
    ])
    expect(await by('user')).toEqual([
      ...[
        [dear.message.entityId, 0.25],
        [null, 0.1],
      ],
      [cheap.message.entityId, 0.01],
    ])
  })

  it('is that of whole days of UTC, the first and the last one included', async () => {
    const turn = await running()
    const at = async (call: number, time: string) => {
      const { id } = await ask(turn, { call })
      await sql`update model_calls set created_at = ${time} where id = ${id}`.execute(db())
    }
    await at(1, '2026-04-30T23:59:59.999Z')
    await at(2, '2026-05-01T00:00:00Z')
    await at(3, '2026-05-02T23:59:59.999Z')
    await at(4, '2026-05-03T00:00:00Z')
    const { groups } = await report(turn.agentId, { from: '2026-05-01', to: '2026-05-02' })
    expect(groups.map(({ key, calls }) => [key, calls.pending])).toEqual([
      ['2026-05-01', 1],
      ['2026-05-02', 1],
    ])
  })

  it('shows 100 rooms at most, and all in the sum', async () => {
    const turn = await running()
    const { id } = await ask(turn)
    await sql`insert into model_calls (agent_id, gen, step, call, attempt, vendor, model, purpose, state)
      select agent_id, gen, step, call, attempt, vendor, 'm' || n, purpose, state
      from model_calls, generate_series(1, 120) n where id = ${id}`.execute(db())
    const { groups, hasMore, totals } = await report(turn.agentId, { groupBy: 'model' })
    expect(groups).toHaveLength(100)
    expect(hasMore).toBe(true)
    expect(totals.calls.pending).toBe(121)
  })

  describe('of its budgets', () => {
    it('is forgotten by months, some thousand counts at a time, the last month not yet', async () => {
      const agentId = await createAgent(db())
      await sql`insert into budget_usage (agent_id, scope, scope_id, period, starts, unit, used)
        select ${agentId}::uuid, 'user', gen_random_uuid(), 'day', starts, 'tokens', 1 from (
          select '2020-01-01'::date as starts from generate_series(1, 10003)
          union all select (date_trunc('month', now() at time zone 'utc') - n * interval '1 day')::date
          from unnest(array[0, 1]) n) s`.execute(db())
      const counts = async () => {
        const { rows } = await sql<{
          count: number
        }>`select count(*)::int as count from budget_usage
          where agent_id = ${agentId}`.execute(db())
        return rows[0]?.count
      }
      expect(await deleteOldCounts(db())).toBe(10_000)
      expect(await counts()).toBe(5)
      expect(await deleteOldCounts(db())).toBe(3)
      expect(await deleteOldCounts(db())).toBe(0)
      expect(await counts()).toBe(2)
    })

    it('is what is used or reserved now, of the operator’s and of its own', async () => {
      const turn = await running()
      const { agentId } = turn
      const own = [{ per: 'user', period: 'day', tokens: 5_000 }]
      await updateAgent(db(), {
        ...{ id: agentId, name: 'Ada', secrets: null, sourceHash: null },
        character: { name: 'Ada', bio: 'x', settings: { budgets: own } },
      })
      const lines = [
        agentLine(turn, { scope: 'user', unit: 'tokens', limit: 5_000, amount: 1_000 }),
      ]
      await ask(turn, { budget: { lines } })
      await sql`insert into budget_usage (agent_id, scope, scope_id, period, starts, unit, used)
        select agent_id, scope, gen_random_uuid(), period, d, unit, 7 from budget_usage, unnest(array[starts, starts - 1]) d
        where agent_id = ${agentId}`.execute(db())
      const { budgets } = await report(agentId, {}, [{ per: 'agent', period: 'month', money: 20 }])
      expect(budgets).toEqual([
        {
          ...{ per: 'agent', period: 'month', unit: 'money', limit: 20, atLimit: 'apology' },
          ...{ resetsAt: expect.any(Number), counts: [{ id: agentId, used: 0 }] },
        },
        {
          ...{ per: 'user', period: 'day', unit: 'tokens', limit: 5_000, atLimit: 'apology' },
          resetsAt: Date.parse(TODAY) + 86_400_000,
          counts: [
            { id: agentId, used: 1_000 },
            { id: expect.any(String), used: 7 },
          ],
        },
      ])
      const [monthly] = budgets
      expect(new Date(monthly?.resetsAt ?? 0).toISOString()).toMatch(/-01T00:00:00.000Z$/)
    })
  })
})
