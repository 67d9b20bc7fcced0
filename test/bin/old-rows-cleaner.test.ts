import { beforeAll, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { createOldRowsCleaner, FORK_AGE_MS } from '../../bin/old-rows-cleaner.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { createFork } from '../../turns/fork.ts'
import { MAX_DELETED } from '../../turns/forks.ts'
import { settle } from '../../turns/settle.ts'
import { findTurn } from '../../turns/trace.ts'
import { describeDatabases } from '../support/databases.ts'
import { createChannel, headOf, runTurn, settlementOf } from '../support/turn-fixtures.ts'

const HOUR_MS = 3_600_000

describeDatabases('the cleaner of old rows', (open) => {
  let database: OpenDatabase
  let turnId: string
  beforeAll(async () => {
    database = await open()
    const turn = headOf(await runTurn(database.db, await createChannel(database.db)))
    await settle(database.db, settlementOf(turn))
    turnId = turn.turnId
  })

  /** A fork that has ended, and is so old. */
  async function fork(ageMs: number): Promise<string> {
    const { head } = await createFork(database.db, {
      ...{ turnId, from: 'shouldRespond', model: null, character: null, deadlineMs: 300_000 },
    })
    await settle(database.db, settlementOf(head, { reply: null }))
    await sql`
      update channels set created_at = clock_timestamp() - ${ageMs}::float8 * interval '1 millisecond'
      where fork_room_id = ${head.roomId}`.execute(database.db)
    return head.turnId
  }
  const left = async (ids: readonly string[]) =>
    (await Promise.all(ids.map((id) => findTurn(database.db, id)))).filter(Boolean).length

  it('deletes those of last week, once in an hour, and the original never', async () => {
    let now = 0
    const clean = createOldRowsCleaner(database.db, () => now)
    const [old, young] = [await fork(FORK_AGE_MS + HOUR_MS), await fork(FORK_AGE_MS - HOUR_MS)]
    await clean()
    expect(await left([old, young])).toBe(2) // the process has just started
    now += HOUR_MS
    await clean()
    expect([await left([old]), await left([young]), await left([turnId])]).toEqual([0, 1, 1])

    const next = await fork(FORK_AGE_MS + HOUR_MS)
    now += HOUR_MS / 2
    await clean()
    expect(await left([next])).toBe(1)
    now += HOUR_MS
    await clean()
    expect(await left([next])).toBe(0)
  })

  it('deletes the counts of budgets two months later, and none before', async () => {
    const { db } = database
    const agents = await db.selectFrom('agents').select('id').limit(1).execute()
    const agentId = agents[0]?.id ?? ''
    await sql`
      insert into budget_usage (agent_id, scope, scope_id, period, starts, unit, used)
      select ${agentId}::uuid, 'agent', ${agentId}::uuid, 'month', (date_trunc('month', now() at time zone 'utc')
        - n * interval '1 month')::date, 'tokens', n from generate_series(0, 3) n`.execute(db)
    let now = 0
    const clean = createOldRowsCleaner(db, () => now)
    now += HOUR_MS
    await clean()
    const rows = await db.selectFrom('budget_usage').select('used').orderBy('used').execute()
    expect(rows.map(({ used }) => Number(used))).toEqual([0, 1])
  })

  it('does not wait for an hour while there are many', async () => {
    let now = 0
    const clean = createOldRowsCleaner(database.db, () => now)
    const forks: string[] = []
    for (let n = 0; n < MAX_DELETED + 3; n += 1) forks.push(await fork(FORK_AGE_MS + HOUR_MS))
    now += HOUR_MS
    await clean()
    expect(await left(forks)).toBe(3)
    await clean()
    expect(await left(forks)).toBe(0)
  })
})
