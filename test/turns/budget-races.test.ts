import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { BudgetLine } from '../../agent/budgets.ts'
import type { LedgerCall } from '../../agent/ledger.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { claim } from '../../turns/journal.ts'
import { completeCall, endCall } from '../../turns/ledger.ts'
import { openCall } from '../../turns/ledger-open.ts'
import { agentLine, usedOf } from '../support/budget-lines.ts'
import { openTestPglite, openTestPostgres } from '../support/databases.ts'
import { ANSWER, CUT, callOf, FAILED, REFUSED } from '../support/ledger-calls.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { begin, hold, poolOf, releaseAll, waitingForLock } from '../support/postgres-locks.ts'
import { createAgent, createChannel, runTurn } from '../support/turn-fixtures.ts'

const BACKENDS = 25
const AT_ONCE = 200

type Lines = readonly BudgetLine[]

/** A call outside of any turn: nothing but its budgets can stand in its way. */
const free = (agentId: string, lines: Lines): LedgerCall => ({
  ...callOf({ turnId: randomUUID(), gen: 1, agentId }),
  ...{ id: randomUUID(), attempt: null, budget: { lines } },
})

const many = (make: (ordinal: number) => LedgerCall): LedgerCall[] =>
  Array.from({ length: AT_ONCE }, (_, ordinal) => make(ordinal))

/** The calls that were let through. */
async function openAll({ db }: OpenDatabase, calls: readonly LedgerCall[]): Promise<LedgerCall[]> {
  const opened = await Promise.all(calls.map((call) => openCall(db, call)))
  return calls.filter((_, ordinal) => opened[ordinal]?.kind === 'open')
}

describe.each(['pglite', 'postgres'] as const)('200 calls at the same moment, on %s', (kind) => {
  let server: TestPostgres | undefined
  let database: OpenDatabase
  beforeAll(async () => {
    if (kind === 'postgres') server = await startPostgres()
    database = server ? await openTestPostgres(server, BACKENDS) : await openTestPglite()
  })
  afterAll(async () => {
    await database.close()
    await server?.stop()
  })
  const rowsOf = async (agentId: string) =>
    database.db
      .selectFrom('model_calls')
      .select(['id', 'charges'])
      .where('agent_id', '=', agentId)
      .execute()

  it.each([
    ['tokens', { unit: 'tokens', limit: 10_500, amount: 1_000 }],
    ['money', { unit: 'money', limit: 1, amount: 0.1 }],
  ] as const)('spend at most a budget for 10 of them, in %s', async (unit, line) => {
    const agentId = await createAgent(database.db)
    const calls = many(() => free(agentId, [agentLine({ agentId }, line)]))
    const opened = await openAll(database, calls)
    expect(opened).toHaveLength(10)
    expect(await usedOf(database.db, agentId)).toEqual({ [`agent day ${unit}`]: line.amount * 10 })
    expect(await rowsOf(agentId)).toHaveLength(10)
    if (server) expect(await backends(database)).toBeGreaterThanOrEqual(20)
  })

  it('spend at most that when each is ended as soon as it may be, for as much as it may cost', async () => {
    const agentId = await createAgent(database.db)
    const line = agentLine({ agentId }, { unit: 'money', limit: 1, amount: 0.1 })
    let spent = 0
    const ask = async (call: LedgerCall, ordinal: number) => {
      const { kind } = await openCall(database.db, call)
      if (kind !== 'open') return kind
      const cents = ordinal % 2 === 0 ? 10 : 5
      await completeCall(database.db, call, { ...ANSWER, cost: cents / 100 })
      spent += cents
      return kind
    }
    await Promise.all(many(() => free(agentId, [line])).map(ask))
    expect(spent).toBeLessThanOrEqual(100)
    while ((await ask(free(agentId, [line]), 1)) === 'open');
    expect(spent).toBeLessThanOrEqual(100)
    expect(spent).toBeGreaterThan(90)
    expect((await usedOf(database.db, agentId))['agent day money']).toBeCloseTo(spent / 100)
  })

  it('keep every budget of overlapping people and rooms, and hold nothing on one that refused', async () => {
    const agentId = await createAgent(database.db)
    const ids = { user: uuids(7), room: uuids(5) }
    const limits = { agent: 90, user: 20, room: 25 }
    const lineOf = (scope: 'agent' | 'user' | 'room', ordinal: number): BudgetLine => {
      const known = scope === 'agent' ? [agentId] : ids[scope]
      const scopeId = known[ordinal % known.length] ?? agentId
      const line = { unit: 'tokens', limit: limits[scope], amount: 1 } as const
      return { ...agentLine({ agentId }, line), scope, scopeId }
    }
    const calls = many((ordinal) => {
      const lines = (['user', 'room', 'agent'] as const).map((scope) => lineOf(scope, ordinal))
      return free(agentId, ordinal % 2 === 0 ? lines : lines.toReversed())
    })
    const opened = await openAll(database, calls)
    const counts = await countsOf(database, agentId)
    for (const { scope, used } of counts) expect(used).toBeLessThanOrEqual(limits[scope])
    expect(counts).toHaveLength(13)
    expect(sums(counts)).toEqual({ agent: 90, user: opened.length, room: opened.length })
    expect(opened).toHaveLength(90)
  })

  it('end in any order without waiting for each other for ever, and leave what was used', async () => {
    const agentId = await createAgent(database.db)
    const people = uuids(3)
    const line = { unit: 'tokens', limit: 1e9, amount: 1_000 } as const
    const calls = many((ordinal) => {
      const user = { ...agentLine({ agentId }, line), scope: 'user' as const }
      const lines = [
        { ...user, scopeId: people[ordinal % 3] ?? agentId },
        { ...agentLine({ agentId }, line), period: 'month' as const },
        agentLine({ agentId }, line),
      ]
      return free(agentId, ordinal % 2 === 0 ? lines : lines.toReversed())
    })
    await Promise.all(
      calls.map(async (call, ordinal) => {
        await openCall(database.db, call)
        const end = [CUT, FAILED, REFUSED][ordinal % 4]
        const ending = () =>
          end ? endCall(database.db, call, end) : completeCall(database.db, call, ANSWER)
        await Promise.all([ending(), ending()])
      }),
    )
    const used = (AT_ONCE / 4) * (82 + 1_000 + 0 + 107)
    expect(sums(await countsOf(database, agentId))).toEqual({ agent: 2 * used, user: used })
    if (server) expect(await deadlocks(database)).toBe(0)
  })
})

describe('a call that waits for another one’s budget', () => {
  let server: TestPostgres
  let database: OpenDatabase
  beforeAll(async () => {
    server = await startPostgres()
    database = await openTestPostgres(server)
  })
  afterEach(releaseAll)
  afterAll(async () => {
    await database.close()
    await server.stop()
  })
  const tokens = (agentId: string, line: Partial<BudgetLine> = {}) =>
    agentLine({ agentId }, { unit: 'tokens', limit: 5, amount: 3, ...line })

  it.each(['the first of the day', 'a later one'])('sees what that took, as %s', async (when) => {
    const agentId = await createAgent(database.db)
    if (when === 'a later one') {
      await openCall(database.db, free(agentId, [tokens(agentId, { amount: 0 })]))
    }
    const trx = await begin(database.db)
    expect(await openCall(trx, free(agentId, [tokens(agentId)]))).toEqual({ kind: 'open' })
    const waiting = openCall(database.db, free(agentId, [tokens(agentId)]))
    await waitingForLock(database, 1)
    await trx.commit().execute()
    expect(await waiting).toMatchObject({ kind: 'exhausted', budget: { used: 3 } })
    expect(await usedOf(database.db, agentId)).toEqual({ 'agent day tokens': 3 })
  })

  it('takes nothing from the budgets that it need not wait for, when that one has no room left', async () => {
    const agentId = await createAgent(database.db)
    const roomy = tokens(agentId, { scope: 'agent', limit: 100 })
    const tight = tokens(agentId, { scope: 'user' })
    await openCall(database.db, free(agentId, [{ ...tight, amount: 0 }, roomy]))
    const trx = await begin(database.db)
    await openCall(trx, free(agentId, [tight]))
    const waiting = openCall(database.db, free(agentId, [roomy, tight]))
    await waitingForLock(database, 1)
    await trx.commit().execute()
    expect(await waiting).toMatchObject({ kind: 'exhausted', budget: { scope: 'user', used: 3 } })
    expect(await usedOf(database.db, agentId)).toEqual({
      ...{ 'agent day tokens': 3, 'user day tokens': 3 },
    })
  })

  it('is not one without a budget: that looks at no count', async () => {
    const agentId = await createAgent(database.db)
    const table = await hold(database, 'lock table budget_usage in access exclusive mode')
    const { budget: _, ...call } = free(agentId, [])
    expect(await openCall(database.db, call)).toEqual({ kind: 'open' })
    await completeCall(database.db, call, ANSWER)
    await table.release()
  })

  it('finds room when the other one gives some back', async () => {
    const agentId = await createAgent(database.db)
    const first = free(agentId, [tokens(agentId)])
    await openCall(database.db, first)
    const trx = await begin(database.db)
    await endCall(trx, first, REFUSED)
    const waiting = openCall(database.db, free(agentId, [tokens(agentId)]))
    await waitingForLock(database, 1)
    await trx.commit().execute()
    expect(await waiting).toEqual({ kind: 'open' })
  })

  it('counts what both used, when both end', async () => {
    const agentId = await createAgent(database.db)
    const line = tokens(agentId, { limit: 10_000, amount: 1_000 })
    const calls = [free(agentId, [line]), free(agentId, [line])] as const
    await openAll(database, calls)
    const trx = await begin(database.db)
    await completeCall(trx, calls[0], ANSWER)
    const waiting = completeCall(database.db, calls[1], ANSWER)
    await waitingForLock(database, 1)
    await trx.commit().execute()
    await waiting
    expect(await usedOf(database.db, agentId)).toEqual({ 'agent day tokens': 214 })
  })

  it('is ended once, although two say so at the same moment', async () => {
    const agentId = await createAgent(database.db)
    const call = free(agentId, [tokens(agentId, { limit: 10_000, amount: 1_000 })])
    await openCall(database.db, call)
    const trx = await begin(database.db)
    await completeCall(trx, call, ANSWER)
    const [again, cut] = [completeCall(database.db, call, ANSWER), endCall(database.db, call, CUT)]
    await waitingForLock(database, 2)
    await trx.commit().execute()
    await Promise.all([again, cut])
    expect(await usedOf(database.db, agentId)).toEqual({ 'agent day tokens': 107 })
  })

  it('is opened once, although two open one row at the same moment', async () => {
    const turn = await runTurn(database.db, await createChannel(database.db))
    const budget = { lines: [tokens(turn.agentId, { limit: 100 })] }
    const call = callOf(turn, { budget })
    await openCall(database.db, free(turn.agentId, budget.lines))
    await claim(database.db, attemptIn(call), { step: 'decide', beforeSettle: true })
    const trx = await begin(database.db)
    await openCall(trx, call)
    const again = openCall(database.db, call).catch((error: unknown) => error)
    await waitingForLock(database, 1)
    await trx.commit().execute()
    expect(await again).toMatchObject({ code: 'fenced' })
    expect(await usedOf(database.db, turn.agentId)).toEqual({ 'agent day tokens': 6 })
  })

  it('and takes over a step whose late answer is just being recorded: both go on', async () => {
    const turn = await runTurn(database.db, await createChannel(database.db))
    const budget = { lines: [tokens(turn.agentId, { limit: 10_000, amount: 1_000 })] }
    const [first, second] = [callOf(turn, { budget }), callOf(turn, { budget, attempt: 2 })]
    for (const call of [first, second]) {
      await claim(database.db, attemptIn(call), { step: 'decide', beforeSettle: true })
      if (call === first) await openCall(database.db, call)
    }
    const count = await hold(database, 'select from budget_usage where agent_id = $1 for update', [
      turn.agentId,
    ])
    const taking = openCall(database.db, second)
    await waitingForLock(database, 1)
    const late = completeCall(database.db, first, ANSWER)
    await waitingForLock(database, 2)
    await count.release()
    await Promise.all([taking, late])
    expect(await deadlocks(database)).toBe(0)
    expect(await usedOf(database.db, turn.agentId)).toEqual({ 'agent day tokens': 1_107 })
  })
})

const uuids = (count: number) => Array.from({ length: count }, () => randomUUID())

function attemptIn({ attempt }: LedgerCall) {
  if (!attempt) throw new Error('The call belongs to no turn.')
  return attempt
}

interface Count {
  readonly scope: 'agent' | 'user' | 'room'
  readonly used: number
}

async function countsOf({ db }: OpenDatabase, agentId: string): Promise<Count[]> {
  const { rows } = await sql<Count>`
    select scope, used::float8 from budget_usage where agent_id = ${agentId}`.execute(db)
  return rows
}

function sums(counts: readonly Count[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { scope, used } of counts) sums[scope] = (sums[scope] ?? 0) + used
  return sums
}

async function backends(database: OpenDatabase): Promise<number> {
  const { rows } = await poolOf(database).query<{ count: number }>(
    'select count(*)::int from pg_stat_activity where datname = current_database()',
  )
  return rows[0]?.count ?? 0
}

/** Statistics come a moment late, but a victim's statement also fails. */
async function deadlocks(database: OpenDatabase): Promise<number> {
  const { rows } = await poolOf(database).query<{ deadlocks: number }>(
    'select deadlocks::int from pg_stat_database where datname = current_database()',
  )
  return rows[0]?.deadlocks ?? 0
}
