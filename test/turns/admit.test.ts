import { afterEach, beforeAll, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { OpenDatabase } from '../../database/open.ts'
import { admit, loadTurn } from '../../turns/admit.ts'
import { requestCancel } from '../../turns/cancel.ts'
import { takeOver } from '../../turns/sweep.ts'
import { describeDatabases } from '../support/databases.ts'
import { hold, releaseAll, waitingForLock } from '../support/postgres-locks.ts'
import {
  attemptOf,
  createChannel,
  queueTurn,
  type TestChannel,
  turnRow,
} from '../support/turn-fixtures.ts'

describeDatabases('admitting a turn', (open, kind) => {
  let database: OpenDatabase
  let channel: TestChannel
  beforeAll(async () => {
    database = await open()
  })
  afterEach(releaseAll)
  const queued = async (deadlineMs?: number) => {
    channel = await createChannel(database.db)
    return queueTurn(database.db, channel, { text: 'Are you there?', deadlineMs })
  }
  const admitAs = async (turn: { turnId: string; gen: number }, runId?: string) =>
    (await admit(database.db, attemptOf(turn, 1, runId))).kind

  it('marks it running, and says what its steps need to know', async () => {
    const turn = await queued()
    const admitted = await admit(database.db, attemptOf(turn))

    expect(admitted).toMatchObject({
      kind: 'admitted',
      turn: {
        ...{ turnId: turn.turnId, gen: 1, seq: 1, agentId: turn.agentId },
        room: { id: turn.roomId, channelId: channel.channelId, source: 'client_chat', type: 'DM' },
        message: { content: { text: 'Are you there?' }, entityId: channel.rooms[0]?.entityId },
      },
    })
    const row = await turnRow(database.db, turn.turnId)
    expect(row).toMatchObject({ state: 'running', run_id: 'run-1' })
    expect(row.started_at?.getTime()).toBeGreaterThanOrEqual(row.accepted_at.getTime())
  })

  it('says the same when it runs again', async () => {
    const turn = await queued()
    const answers = [
      await admit(database.db, attemptOf(turn)),
      await admit(database.db, attemptOf(turn, 2)),
    ]
    expect(answers[1]).toEqual(answers[0])
    const steps = await database.db
      .selectFrom('steps')
      .where('turn_id', '=', turn.turnId)
      .select(['step', 'attempt', 'state'])
      .execute()
    expect(steps).toEqual([{ step: 'admit', attempt: 1, state: 'done' }])
  })

  it('refuses another run of the same generation', async () => {
    const turn = await queued()
    await admit(database.db, attemptOf(turn))
    const second = await admit(database.db, attemptOf(turn, 1, 'run-2'))
    expect(second).toEqual({ kind: 'refused', state: 'running' })
    expect((await turnRow(database.db, turn.turnId)).run_id).toBe('run-1')
  })

  it('refuses the old generation of a turn that was taken over', async () => {
    const turn = await queued()
    await admit(database.db, attemptOf(turn))
    const next = await takeOver(database.db, turn)
    expect(next?.gen).toBe(2)
    expect(await admitAs(turn)).toBe('refused')
    expect(await loadTurn(database.db, turn)).toBeUndefined()
    expect(await admitAs({ turnId: turn.turnId, gen: 2 }, 'run-2')).toBe('admitted')
  })

  it('refuses a turn that was cancelled while its Workflow was started', async () => {
    const turn = await queued()
    await requestCancel(database.db, turn)
    const admitted = await admit(database.db, attemptOf(turn))
    expect(admitted).toEqual({ kind: 'refused', state: 'cancelled' })
  })

  it('refuses a turn whose agent was deleted', async () => {
    const turn = await queued()
    await sql`delete from agents where id = ${turn.agentId}`.execute(database.db)
    expect(await admitAs(turn)).toBe('refused')
  })

  it('says that the deadline has passed, and leaves the turn to be settled', async () => {
    const turn = await queued(0)
    expect(await admitAs(turn)).toBe('expired')
    expect((await turnRow(database.db, turn.turnId)).state).toBe('queued')
  })

  if (kind === 'pglite') return

  it('admits one of two runs that come at the same moment', async () => {
    const turn = await queued()
    const kinds = await together(turn, ['run-1', 'run-2'])
    expect(kinds.sort()).toEqual(['admitted', 'refused'])
  })

  it('admits a run whose step is executed twice at the same moment', async () => {
    const turn = await queued()
    expect(await together(turn, ['run-1', 'run-1'])).toEqual(['admitted', 'admitted'])
  })

  it('says how a turn ended that ends while it is being admitted', async () => {
    const turn = await queued()
    const lock = await hold(
      database,
      `update turns set state = 'cancelled', code = 'cancelled_by_user' where id = $1`,
      [turn.turnId],
    )
    const admitting = admit(database.db, attemptOf(turn))
    await waitingForLock(database, 1)
    await lock.release()
    expect(await admitting).toEqual({ kind: 'refused', state: 'cancelled' })
  })

  /** All wait for the turn's row before one of them goes on. */
  async function together(turn: { turnId: string; gen: number }, runIds: readonly string[]) {
    const lock = await hold(database, 'select 1 from turns where id = $1 for update', [turn.turnId])
    const admitting = runIds.map((runId) => admitAs(turn, runId))
    await waitingForLock(database, runIds.length)
    await lock.release()
    return Promise.all(admitting)
  }
})
