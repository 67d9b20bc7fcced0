import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { Kysely } from 'kysely'
import type { LoadedTurn } from '../../agent/ports.ts'
import { codeOf } from '../../database/failures.ts'
import type { OpenDatabase } from '../../database/open.ts'
import type { Database } from '../../schema/database.ts'
import { lockRoom } from '../../turns/head.ts'
import { claim, finish } from '../../turns/journal.ts'
import { settle } from '../../turns/settle.ts'
import { writeStep } from '../../turns/writes.ts'
import { openTestPostgres } from '../support/databases.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { begin, poolOf, releaseAll, waitingForLock } from '../support/postgres-locks.ts'
import { type RewrittenDatabase, withFullRoomLock } from '../support/rewritten-sql.ts'
import {
  attemptOf,
  createChannel,
  headOf,
  runTurn,
  settlementOf,
} from '../support/turn-fixtures.ts'

const STEP = 'runAction:0'
const SAID = { messages: [{ text: 'Wait.' }], memories: [], relationships: [] }

/** Why the room is locked `for no key update`: rows that refer to it lock its key. */
describe('the lock of a room and the rows that refer to it', () => {
  let server: TestPostgres
  let database: OpenDatabase
  let full: RewrittenDatabase
  beforeAll(async () => {
    server = await startPostgres()
    database = await openTestPostgres(server)
    full = withFullRoomLock(poolOf(database))
  })
  afterEach(releaseAll)
  afterAll(async () => {
    await database.close()
    await server.stop()
  })
  const claimedTurn = async () => {
    const turn = await runTurn(database.db, await createChannel(database.db))
    await claim(database.db, attemptOf(turn), { step: STEP, beforeSettle: true })
    return turn
  }

  it('lets a step commit what it said while the room is locked', async () => {
    const turn = await claimedTurn()
    const holder = await begin(database.db)
    await lockRoom(holder, turn.room.id)
    await commitStep(database.db, turn)
    await holder.commit().execute()
  })

  it('would make the step wait if it were a full lock', async () => {
    const turn = await claimedTurn()
    const holder = await begin(full.db)
    await lockRoom(holder, turn.room.id)
    const committed = commitStep(database.db, turn)
    await waitingForLock(database, 1)
    await holder.commit().execute()
    await committed
  })

  it('lets a step commit in the middle of the settlement of its turn', async () => {
    expect(await settleInTheMiddle(database.db, database, await claimedTurn())).toEqual([])
  })

  it('would end in a deadlock there if it were a full lock', async () => {
    expect(await settleInTheMiddle(full.db, database, await claimedTurn())).toEqual(['40P01'])
  })
})

const commitStep = (db: Kysely<Database>, turn: LoadedTurn) =>
  db.transaction().execute(async (trx) => {
    await finish(trx, attemptOf(turn), STEP, {})
    await writeStep(trx, { turn, step: STEP, outboxSource: null }, SAID)
  })

/** The turn is settled between a step's result and what it said. Returns the codes of the errors. */
async function settleInTheMiddle(
  db: Kysely<Database>,
  database: OpenDatabase,
  turn: LoadedTurn,
): Promise<(string | undefined)[]> {
  const step = await begin(db)
  await finish(step, attemptOf(turn), STEP, {})
  const settling = settle(db, settlementOf(headOf(turn), { state: 'timed_out', reply: null }))
  await waitingForLock(database, 1)
  const writing = writeStep(step, { turn, step: STEP, outboxSource: null }, SAID).then(
    () => step.commit().execute(),
    async (error: unknown) => {
      await step.rollback().execute()
      throw error
    },
  )
  const results = await Promise.allSettled([settling, writing])
  return results.flatMap((result) => (result.status === 'rejected' ? [codeOf(result.reason)] : []))
}
