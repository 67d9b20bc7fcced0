import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { FencedError } from '../../agent/errors.ts'
import type { LoadedTurn } from '../../agent/ports.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { claim, finish, journaled, journalOnce } from '../../turns/journal.ts'
import { readPrompt, writePrompt } from '../../turns/prompts.ts'
import { settle } from '../../turns/settle.ts'
import { openTestPostgres } from '../support/databases.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { hold, waitingForLock } from '../support/postgres-locks.ts'
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
  afterAll(async () => {
    await database.close()
    await server.stop()
  })
  const running = async () => runTurn(database.db, await createChannel(database.db))

  it('returns the result to an attempt that waited for it to be written', async () => {
    const turn = await running()
    const { db } = database
    await claim(db, attemptOf(turn, 1), DECIDE)
    const first = await db.startTransaction().execute()
    await finish(first, attemptOf(turn, 1), 'decide', { reply: 'In time.' })
    const second = claim(db, attemptOf(turn, 2), DECIDE)
    await waitingForLock(database, 1)
    await first.commit().execute()
    expect(await second).toEqual({ kind: 'done', result: { reply: 'In time.' } })
  })

  it('says that a step was begun before to an attempt that waited for that beginning', async () => {
    const turn = await running()
    const { db } = database
    const first = await db.startTransaction().execute()
    await claim(first, attemptOf(turn, 1), DECIDE)
    const second = claim(db, attemptOf(turn, 2), DECIDE)
    await waitingForLock(database, 1)
    await first.commit().execute()
    expect(await second).toEqual({ kind: 'claimed', isTakeover: true })
  })

  it('gives a step without a claim one result, whoever wrote it', async () => {
    const turn = await running()
    const results = await together(turn, 'steps', (attempt) =>
      journalOnce(database.db, attempt, 'shouldRespond', { by: attempt.attempt }),
    )
    expect(results[1]).toEqual(results[0])
  })

  it('gives a step one prompt, whoever composed it', async () => {
    const turn = await running()
    const prompts = await together(turn, 'prompts', (attempt) =>
      writePrompt(database.db, attempt, 'decide', { prompt: `By ${attempt.attempt}`, state: {} }),
    )
    expect(prompts[1]).toEqual(prompts[0])
    expect(await readPrompt(database.db, turn, 'decide')).toEqual(prompts[0])
  })

  it('refuses a step that is claimed while its turn ends', async () => {
    const turn = await running()
    const { db } = database
    const lock = await hold(database, `select 1 from turns where id = $1 for no key update`, [
      turn.turnId,
    ])
    const settling = settle(db, settlementOf(headOf(turn)))
    await waitingForLock(database, 1)
    const claiming = claim(db, attemptOf(turn), DECIDE).then(
      () => finish(db, attemptOf(turn), 'decide', {}),
      () => undefined,
    )
    await waitingForLock(database, 2)
    await lock.release()
    // Whichever came first: what was said late is either in the journal before the end, or refused.
    await Promise.allSettled([settling, claiming])
    const { rows } = await sql<{ late: number }>`
      select count(*)::int as late from steps s join turns t on t.id = s.turn_id
      where t.id = ${turn.turnId} and s.step = 'decide' and s.finished_at > t.settled_at`.execute(
      db,
    )
    expect(rows[0]?.late).toBe(0)
  })

  it('refuses the result of a step that waits for the end of its turn', async () => {
    const turn = await running()
    const { db } = database
    await claim(db, attemptOf(turn), DECIDE)
    const ending = await db.startTransaction().execute()
    // Settle's own statements, in a transaction that has not committed yet.
    const nested = settle(Object.assign(Object.create(ending), { transaction: () => within(ending) }), settlementOf(headOf(turn)))
    await nested
    const late = finish(db, attemptOf(turn), 'decide', { reply: 'Late.' })
    late.catch(() => undefined)
    await waitingForLock(database, 1)
    await ending.commit().execute()
    await expect(late).rejects.toBeInstanceOf(FencedError)
    expect(await journaled(db, turn.turnId, 1, 'decide')).toBeUndefined()
  })

  /** Two attempts write; both are in their statement before the first of them commits. */
  async function together<T>(
    turn: LoadedTurn,
    table: 'steps' | 'prompts',
    write: (attempt: ReturnType<typeof attemptOf>) => Promise<T>,
  ): Promise<T[]> {
    const lock = await hold(database, `lock table ${table} in share mode`)
    const writes = [1, 2].map((attempt) => write(attemptOf(turn, attempt)))
    await waitingForLock(database, 2)
    await lock.release()
    return Promise.all(writes)
  }
})

const within = (trx: unknown) => ({ execute: (work: (given: unknown) => unknown) => work(trx) })
