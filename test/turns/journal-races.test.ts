import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { Kysely } from 'kysely'
import { FencedError } from '../../agent/errors.ts'
import type { LoadedTurn } from '../../agent/ports.ts'
import type { OpenDatabase } from '../../database/open.ts'
import type { Database } from '../../schema/database.ts'
import { claim, finish, journalOnce } from '../../turns/journal.ts'
import { writePrompt } from '../../turns/prompts.ts'
import { settle } from '../../turns/settle.ts'
import { openTestPostgres } from '../support/databases.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { begin, hold, releaseAll, waitingForLock } from '../support/postgres-locks.ts'
import {
  attemptOf,
  createChannel,
  headOf,
  runTurn,
  settlementOf,
} from '../support/turn-fixtures.ts'

const DECIDE = { step: 'decide', beforeSettle: true }

/**
 * A statement that waited for another one still reads what stood there before it waited. So whoever
 * loses a race must look again before he says what stands there.
 */
describe('the journal, when two executions are in it at the same moment', () => {
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
  const running = async () => runTurn(database.db, await createChannel(database.db))

  it('returns the result to an attempt that waited for it to be written', async () => {
    const turn = await running()
    const { db } = database
    await claim(db, attemptOf(turn, 1), DECIDE)
    const first = await begin(db)
    await finish(first, attemptOf(turn, 1), 'decide', { reply: 'In time.' })
    const second = claim(db, attemptOf(turn, 2), DECIDE)
    await waitingForLock(database, 1)
    await first.commit().execute()
    expect(await second).toEqual({ kind: 'done', result: { reply: 'In time.' } })
  })

  it('says that a step was begun before to an attempt that waited for that beginning', async () => {
    const turn = await running()
    const { db } = database
    const first = await begin(db)
    await claim(first, attemptOf(turn, 1), DECIDE)
    const second = claim(db, attemptOf(turn, 2), DECIDE)
    await waitingForLock(database, 1)
    await first.commit().execute()
    expect(await second).toEqual({ kind: 'claimed', isTakeover: true })
  })

  it('gives a step without a claim one result, whoever wrote it', async () => {
    const turn = await running()
    const [first, second] = await together((db, attempt) =>
      journalOnce(db, attemptOf(turn, attempt), 'shouldRespond', { by: attempt }),
    )
    expect(first).toEqual({ by: 1 })
    expect(second).toEqual({ by: 1 })
  })

  it('gives a step one prompt, whoever composed it', async () => {
    const turn = await running()
    const [first, second] = await together((db, attempt) => {
      const prompt = { prompt: `By ${attempt}`, state: {} }
      return writePrompt(db, attemptOf(turn, attempt), 'decide', prompt)
    })
    expect(first).toEqual({ prompt: 'By 1', state: {} })
    expect(second).toEqual(first)
  })

  it('refuses a claim that waits for the end of the turn', async () => {
    const turn = await running()
    const lock = await holdRow('turns', 'id', turn)
    const settling = settle(database.db, settlementOf(headOf(turn)))
    await waitingForLock(database, 1)
    const claiming = refusal(claim(database.db, attemptOf(turn), DECIDE))
    await waitingForLock(database, 2)
    await lock.release()
    expect((await settling)?.isFirst).toBe(true)
    expect(await claiming).toBeInstanceOf(FencedError)
  })

  it('refuses the result of a step that was claimed while the end of the turn waited for it', async () => {
    const turn = await running()
    const claiming = await begin(database.db)
    await claim(claiming, attemptOf(turn), DECIDE)
    const settling = settle(database.db, settlementOf(headOf(turn)))
    await waitingForLock(database, 1)
    await claiming.commit().execute()
    await settling
    const late = refusal(finish(database.db, attemptOf(turn), 'decide', { reply: 'Late.' }))
    expect(await late).toBeInstanceOf(FencedError)
  })

  it('refuses a result that waits for the end of the turn', async () => {
    const turn = await running()
    await claim(database.db, attemptOf(turn), DECIDE)
    const lock = await holdRow('steps', 'turn_id', turn)
    const settling = settle(database.db, settlementOf(headOf(turn)))
    await waitingForLock(database, 1)
    const finishing = refusal(finish(database.db, attemptOf(turn), 'decide', { reply: 'Late.' }))
    await waitingForLock(database, 2)
    await lock.release()
    await settling
    expect(await finishing).toBeInstanceOf(FencedError)
  })

  /** Two attempts, the second of which waits for the first one to commit. */
  async function together<T>(write: (db: Kysely<Database>, attempt: number) => Promise<T>) {
    const trx = await begin(database.db)
    const first = await write(trx, 1)
    const second = write(database.db, 2)
    await waitingForLock(database, 1)
    await trx.commit().execute()
    return [first, await second]
  }

  const holdRow = (table: 'turns' | 'steps', column: string, turn: LoadedTurn) =>
    hold(database, `select 1 from ${table} where ${column} = $1 for update`, [turn.turnId])
})

/** Caught at once: nobody waits for it while the test looks at the locks. */
const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )
