import { beforeAll, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { createForkCleaner, FORK_AGE_MS } from '../../bin/fork-cleaner.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { createFork } from '../../turns/fork.ts'
import { MAX_DELETED } from '../../turns/forks.ts'
import { settle } from '../../turns/settle.ts'
import { findTurn } from '../../turns/trace.ts'
import { describeDatabases } from '../support/databases.ts'
import { createChannel, headOf, runTurn, settlementOf } from '../support/turn-fixtures.ts'

const HOUR_MS = 3_600_000

describeDatabases('the cleaner of old forks', (open) => {
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
    const clean = createForkCleaner(database.db, () => now)
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

  it('does not wait for an hour while there are many', async () => {
    let now = 0
    const clean = createForkCleaner(database.db, () => now)
    const forks: string[] = []
    for (let n = 0; n < MAX_DELETED + 3; n += 1) forks.push(await fork(FORK_AGE_MS + HOUR_MS))
    now += HOUR_MS
    await clean()
    expect(await left(forks)).toBe(3)
    await clean()
    expect(await left(forks)).toBe(0)
  })
})
