import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { OpenDatabase } from '../../database/open.ts'
import { setAgentStatus } from '../../memory/agents.ts'
import type { HeadTurn } from '../../schema/turn.ts'
import { claim } from '../../turns/journal.ts'
import { completeCall } from '../../turns/ledger.ts'
import { openCall } from '../../turns/ledger-open.ts'
import { findLateTurns, takeOver } from '../../turns/sweep.ts'
import { describeDatabases } from '../support/databases.ts'
import { ANSWER, callOf } from '../support/ledger-calls.ts'
import { hold, releaseAll } from '../support/postgres-locks.ts'
import {
  admitTurn,
  attemptOf,
  createAgent,
  createChannel,
  headOf,
  queueTurn,
  runTurn,
  turnRow,
} from '../support/turn-fixtures.ts'

const AT_ONCE = { readyMs: 0, untouchedMs: 0, graceMs: 0, lateMs: 0 }
const LATER = { readyMs: 60_000, untouchedMs: 60_000, graceMs: 5_000, lateMs: 2_000 }

/** Each test has the database to itself: a sweep sees every room. */
describeDatabases('looking for turns that nobody runs', (open, kind) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  afterEach(releaseAll)
  beforeEach(async () => {
    await sql`delete from agents`.execute(database.db)
  })
  const db = () => database.db
  const find = async (limits = AT_ONCE) => {
    const findings = await findLateTurns(db(), limits)
    if (!findings) throw new Error('Somebody else sweeps.')
    return findings
  }
  const set = (turn: HeadTurn, values: { touched_at?: Date; ready_at?: Date }) =>
    db().updateTable('turns').set(values).where('id', '=', turn.turnId).execute()

  describe('a head that was not admitted', () => {
    it('is found when it has been ready for long enough, and not again at once', async () => {
      const turn = await queueTurn(db(), await createChannel(db()))
      expect((await find(LATER)).ready).toEqual([])
      await set(turn, { ready_at: new Date(Date.now() - 120_000) })
      expect((await find(LATER)).ready).toEqual([turn])
      expect((await find(LATER)).ready).toEqual([])
    })

    it('is not found while its agent is stopped', async () => {
      const turn = await queueTurn(db(), await createChannel(db()))
      await setAgentStatus(db(), turn.agentId, 'inactive')
      expect((await find()).ready).toEqual([])
      await setAgentStatus(db(), turn.agentId, 'active')
      expect((await find()).ready).toEqual([turn])
    })

    it('is found alone: whoever waits behind it is not', async () => {
      const channel = await createChannel(db())
      const turn = await queueTurn(db(), channel)
      const behind = await queueTurn(db(), channel)
      await sql`update turns set ready_at = accepted_at where id = ${behind.turnId}`.execute(db())
      expect((await find()).ready).toEqual([turn])
      await admitTurn(db(), turn)
      expect((await find()).ready).toEqual([])
    })
  })

  describe('a turn whose deadline has passed', () => {
    it('is found while it waits, whoever is ahead of it, and is not started any more', async () => {
      const channel = await createChannel(db())
      const running = await runTurn(db(), channel)
      const late = await queueTurn(db(), channel, { deadlineMs: 0 })
      const findings = await find()
      expect(findings.expired).toEqual([late])
      expect(findings.ready).toEqual([])
      expect(findings.running).toMatchObject([{ turnId: running.turnId }])
    })

    it('is given a moment for the Workflow that may just start', async () => {
      await queueTurn(db(), await createChannel(db()), { deadlineMs: 0 })
      expect((await find({ ...AT_ONCE, graceMs: 60_000 })).expired).toEqual([])
    })
  })

  describe('a running turn', () => {
    it('is found when it was not touched for long enough, and not again at once', async () => {
      const turn = headOf(await runTurn(db(), await createChannel(db())))
      expect((await find(LATER)).running).toEqual([])
      await set(turn, { touched_at: new Date(Date.now() - 120_000) })
      expect((await find(LATER)).running).toEqual([
        { ...turn, cancelRequested: false, isOverdue: false },
      ])
      expect((await find(LATER)).running).toEqual([])
    })

    it('is found sooner when it shall be cancelled', async () => {
      const turn = headOf(await runTurn(db(), await createChannel(db())))
      await sql`update turns set cancel_requested_at = clock_timestamp() where id = ${turn.turnId}`.execute(
        db(),
      )
      expect((await find(LATER)).running).toEqual([])
      await set(turn, { touched_at: new Date(Date.now() - 1_500) })
      const found = { ...turn, cancelRequested: true, isOverdue: false }
      expect((await find(LATER)).running).toEqual([found])
    })

    it('is overdue when its deadline is past for long enough, however lately it was touched', async () => {
      const turn = headOf(await runTurn(db(), await createChannel(db())))
      const late = (ms: number) =>
        sql`update turns set deadline_at = clock_timestamp() - ${ms} * interval '1 millisecond'`.execute(
          db(),
        )
      await late(1_000)
      expect((await find(LATER)).running).toEqual([])
      await late(3_000)
      expect((await find(LATER)).running).toMatchObject([{ turnId: turn.turnId, isOverdue: true }])
    })

    it('is overdue when it does not hear for the grace that it shall be cancelled', async () => {
      const turn = headOf(await runTurn(db(), await createChannel(db())))
      await sql`update turns set cancel_requested_at = clock_timestamp() - interval '6 seconds',
        touched_at = touched_at - interval '2 seconds'`.execute(db())
      expect((await find(LATER)).running).toMatchObject([
        { turnId: turn.turnId, cancelRequested: true, isOverdue: true },
      ])
    })
  })

  it('finds at most 500 of a kind, and the rest the next time', async () => {
    await manyTurns(600)
    const limits = { ...AT_ONCE, readyMs: 60_000 }
    const found = [await find(limits), await find(limits), await find(limits)]
    expect(found.map(({ ready }) => ready.length)).toEqual([500, 100, 0])
    const ids = found.flatMap(({ ready }) => ready.map(({ turnId }) => turnId))
    expect(new Set(ids).size).toBe(600)
  })

  describe('taking a turn over', () => {
    const taken = async (turn: HeadTurn) => takeOver(db(), turn)

    it('queues its next generation at its old place', async () => {
      const channel = await createChannel(db())
      const turn = headOf(await runTurn(db(), channel))
      await queueTurn(db(), channel)
      expect(await taken(turn)).toEqual({ ...turn, gen: 2 })
      expect(await turnRow(db(), turn.turnId)).toMatchObject({
        ...{ gen: 2, state: 'queued', run_id: null, seq: 1 },
      })
      expect((await find()).ready).toEqual([{ ...turn, gen: 2 }])
    })

    it('does nothing when the turn moved on meanwhile', async () => {
      const turn = headOf(await runTurn(db(), await createChannel(db())))
      await taken(turn)
      const before = await turnRow(db(), turn.turnId)
      expect(await taken(turn)).toBeUndefined()
      expect(await taken({ ...turn, gen: 2 })).toBeUndefined()
      expect(await turnRow(db(), turn.turnId)).toEqual(before)
      await admitTurn(db(), { ...turn, gen: 2 }, 'run-2')
      expect(await taken(turn)).toBeUndefined()
    })

    it('lets the next generation use the answer that was paid', async () => {
      const turn = await runTurn(db(), await createChannel(db()))
      const step = { step: 'decide', beforeSettle: true }
      await claim(db(), attemptOf(turn, 4), step)
      await openCall(db(), callOf(turn, { attempt: 4 }))
      await completeCall(db(), callOf(turn, { attempt: 4 }), { ...ANSWER, text: 'Paid.' })

      await taken(headOf(turn))
      const next = await admitTurn(db(), { ...turn, gen: 2 }, 'run-2')
      await claim(db(), attemptOf(next, 1, 'run-2'), step)
      expect(await openCall(db(), callOf(next, { runId: 'run-2' }))).toEqual({
        ...{ kind: 'finished', text: 'Paid.', finishReason: 'stop' },
      })
    })
  })

  if (kind === 'pglite') return

  it('is done by one process at a time', async () => {
    await queueTurn(db(), await createChannel(db()))
    const other = await hold(database, 'select pg_advisory_xact_lock(738911442)')
    expect(await findLateTurns(db(), AT_ONCE)).toBeUndefined()
    await other.release()
    expect((await find()).ready).toHaveLength(1)
  })

  it('gives each turn to one of two sweeps at the same moment', async () => {
    await manyTurns(300)
    const limits = { ...AT_ONCE, readyMs: 60_000 }
    const found = await Promise.all(Array.from({ length: 8 }, () => findLateTurns(db(), limits)))
    const ids = found.flatMap((findings) => findings?.ready.map(({ turnId }) => turnId) ?? [])
    expect(ids).toHaveLength(300)
    expect(new Set(ids).size).toBe(300)
  })

  /** One head each, in as many rooms, ready for two minutes. */
  async function manyTurns(count: number): Promise<void> {
    const agentIds = [await createAgent(db())]
    const turn = await queueTurn(db(), await createChannel(db(), { agentIds }))
    await sql`
      with room as (
        insert into rooms (id, agent_id, world_id, channel_id, source, type)
        select gen_random_uuid(), r.agent_id, r.world_id, gen_random_uuid(), r.source, r.type
        from rooms r, generate_series(2, ${count}::int) where r.id = ${turn.roomId}
        returning id
      )
      insert into turns (id, agent_id, room_id, channel_id, message_id, memory_id, entity_id, seq, state, policy,
        ready_at, deadline_at)
      select gen_random_uuid(), t.agent_id, room.id, t.channel_id, t.message_id, t.memory_id, t.entity_id, 1,
        t.state, t.policy, t.ready_at, t.deadline_at
      from turns t, room where t.id = ${turn.turnId}`.execute(db())
    await sql`update turns set ready_at = ready_at - interval '2 minutes'`.execute(db())
  }
})
