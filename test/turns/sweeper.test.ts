import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { FencedError } from '../../agent/errors.ts'
import { createSweeperPorts } from '../../bin/sweeper-ports.ts'
import type { TemporalLink } from '../../bin/temporal-link.ts'
import type { OpenDatabase } from '../../database/open.ts'
import type { HeadTurn, TurnRef } from '../../schema/turn.ts'
import { claim, finish } from '../../turns/journal.ts'
import { settle } from '../../turns/settle.ts'
import { sweep } from '../../workers/sweeper.ts'
import { describeDatabases } from '../support/databases.ts'
import { createStepBench, type StepBench } from '../support/step-bench.ts'
import {
  attemptOf,
  contents,
  createChannel,
  headOf,
  queueTurn,
  runTurn,
  settlementOf,
  turnRow,
} from '../support/turn-fixtures.ts'

const GRACE_MS = 10_000
const LATE_MS = 3_000
const AT_ONCE = { readyMs: 0, untouchedMs: 0, graceMs: GRACE_MS, lateMs: LATE_MS }

describeDatabases('the sweeper', (open, kind) => {
  let database: OpenDatabase
  let temporal: ReturnType<typeof fakeTemporal>
  let bench: StepBench
  beforeAll(async () => {
    database = await open()
  })
  beforeEach(async () => {
    await sql`delete from agents`.execute(database.db)
    temporal = fakeTemporal()
    bench = createStepBench({ database })
  })
  const db = () => database.db
  const sweeperPorts = () =>
    createSweeperPorts({ database, temporal: temporal.link, ports: bench.worker() })
  const run = () => sweep(sweeperPorts(), AT_ONCE)
  const queued = async (deadlineMs?: number) =>
    queueTurn(db(), await createChannel(db()), { deadlineMs })
  const running = async () => headOf(await runTurn(db(), await createChannel(db())))
  const late = async (turn: HeadTurn, ms: number): Promise<HeadTurn> => {
    const deadlineAt = Date.now() - ms
    const deadline_at = new Date(deadlineAt)
    await db().updateTable('turns').set({ deadline_at }).where('id', '=', turn.turnId).execute()
    return { ...turn, deadlineAt }
  }
  const saidTo = async ({ turnId }: TurnRef) =>
    db().selectFrom('messages').select('content').where('turn_id', '=', turnId).execute()

  it('starts a head again whose start was lost', async () => {
    const turn = await queued()
    await run()
    expect(temporal.starts).toEqual([turn])
  })

  it('settles a queued turn whose deadline has passed, says so, and starts the next one', async () => {
    const channel = await createChannel(db())
    const late = await queueTurn(db(), channel, { deadlineMs: -60_000 })
    const next = await queueTurn(db(), channel)
    await run()
    expect(await turnRow(db(), late.turnId)).toMatchObject({
      ...{ state: 'timed_out', code: 'deadline_exceeded' },
      error: expect.stringContaining('deadline'),
    })
    expect(await saidTo(late)).toHaveLength(1)
    expect(bench.started).toEqual([next])
    expect(temporal.starts).toEqual([])
  })

  describe('while Temporal does not answer', () => {
    it('does nothing, and says so once', async () => {
      const turns = [await queued(), await queued(-60_000), await late(await running(), 60_000)]
      temporal.isAway = true
      const ports = sweeperPorts()
      for (const _sweep of [1, 2, 3]) expect(await sweep(ports, AT_ONCE)).toBe('not-done')
      const rows = await Promise.all(turns.map(({ turnId }) => turnRow(db(), turnId)))
      expect(rows.map(({ state }) => state)).toEqual(['queued', 'queued', 'running'])
      expect(bench.warnings).toEqual([expect.stringContaining('Temporal does not answer')])
    })

    it('counts the time, and gives it to the turns when it answers again', async () => {
      const channel = await createChannel(db())
      const turn = headOf(await runTurn(db(), channel))
      const ports = sweeperPorts()
      temporal.stands(turn, 'running')
      await sweep(ports, AT_ONCE)
      temporal.isAway = true
      const hourAgo = sql`clock_timestamp() - interval '1 hour'`
      await sql`update temporal_contact set reached_at = ${hourAgo}`.execute(db())
      await sql`update turns set deadline_from = ${hourAgo}, deadline_at = ${hourAgo} + interval '5 minutes'`.execute(
        db(),
      )
      await sweep(ports, AT_ONCE, { silentMs: 10_000, watchedMs: 7_200_000 })
      temporal.isAway = false
      await sweep(ports, AT_ONCE)
      const { state, deadline_at: deadlineAt } = await turnRow(db(), turn.turnId)
      expect(state).toBe('running')
      expect(deadlineAt.getTime()).toBeGreaterThan(Date.now() + 4 * 60_000)
      expect(await saidTo(turn)).toEqual([])
    })
  })

  it('settles a head whose Workflow has ended without having taken it', async () => {
    const turn = await queued()
    temporal.stands(turn, 'closed')
    await run()
    expect(await turnRow(db(), turn.turnId)).toMatchObject({
      state: 'failed',
      code: 'workflow_lost',
    })
  })

  describe('finds a running turn', () => {
    it('that Temporal does not know, and starts its next generation', async () => {
      const turn = await running()
      await run()
      expect(temporal.starts).toEqual([{ ...turn, gen: 2 }])
      expect(await turnRow(db(), turn.turnId)).toMatchObject({ gen: 2, state: 'queued' })
    })

    it('whose Workflow is over, says that it failed, and starts the next one', async () => {
      const channel = await createChannel(db())
      const turn = headOf(await runTurn(db(), channel))
      const next = await queueTurn(db(), channel)
      temporal.stands(turn, 'closed')
      await run()
      expect(await turnRow(db(), turn.turnId)).toMatchObject({
        ...{ state: 'failed', code: 'workflow_lost', gen: 1 },
        error: 'The Workflow of this turn ended without an outcome.',
      })
      expect(await saidTo(turn)).toHaveLength(1)
      expect(bench.started).toEqual([next])
    })

    it('that settled while Temporal was asked, and leaves it as it is', async () => {
      const turn = await running()
      temporal.stands(turn, 'closed')
      temporal.onDescribe = async () => void (await settle(db(), settlementOf(turn)))
      await run()
      expect(await turnRow(db(), turn.turnId)).toMatchObject({ state: 'replied', code: null })
      expect(await saidTo(turn)).toEqual([{ content: 'Good morning.' }])
      expect(bench.warnings).toEqual([])
    })

    it('whose build has no worker any more, goes on as a new generation and ends the old one', async () => {
      const turn = await running()
      temporal.stands(turn, 'stranded')
      await run()
      expect(temporal.starts).toEqual([expect.objectContaining({ turnId: turn.turnId, gen: 2 })])
      expect(temporal.calls).toEqual([`terminate ${turn.turnId}`])
      expect(await turnRow(db(), turn.turnId)).toMatchObject({ state: 'queued', gen: 2 })
      expect(bench.warnings).toEqual([expect.stringContaining('No worker runs the build')])
    })

    it('whose Workflow runs, and leaves it to that', async () => {
      const turn = await running()
      temporal.stands(turn, 'running')
      await run()
      expect(temporal.calls).toEqual([])
      expect((await turnRow(db(), turn.turnId)).state).toBe('running')
    })

    it('that shall be cancelled, and tells its Workflow again', async () => {
      const turn = await running()
      temporal.stands(turn, 'running')
      await sql`update turns set cancel_requested_at = clock_timestamp() where id = ${turn.turnId}`.execute(
        db(),
      )
      await run()
      expect(temporal.calls).toEqual([`cancel ${turn.turnId}`])
    })

    it('that is late and does not end by itself, and ends it before Temporal is asked anything', async () => {
      const channel = await createChannel(db())
      const turn = await late(headOf(await runTurn(db(), channel)), LATE_MS + 500)
      const next = await queueTurn(db(), channel)
      temporal.stands(turn, 'running')
      temporal.onDescribe = () => Promise.reject(new Error('Temporal hangs.'))
      await run()
      expect(await turnRow(db(), turn.turnId)).toMatchObject({
        ...{ state: 'timed_out', code: 'deadline_exceeded', dead_letter: 'open' },
      })
      expect(await saidTo(turn)).toHaveLength(1)
      expect(bench.started).toEqual([next])
      expect(temporal.calls).toEqual([`terminate ${turn.turnId}`])
    })

    it('that is hardly late, and lets it end by itself', async () => {
      const turn = await late(await running(), LATE_MS - 1_500)
      temporal.stands(turn, 'running')
      await run()
      expect(temporal.calls).toEqual([])
      expect((await turnRow(db(), turn.turnId)).state).toBe('running')
    })

    it('that does not hear that it shall be cancelled, and ends it as such', async () => {
      const turn = await running()
      await sql`update turns set cancel_requested_at = clock_timestamp() - interval '11 seconds'`.execute(
        db(),
      )
      await run()
      expect(await turnRow(db(), turn.turnId)).toMatchObject({
        state: 'cancelled',
        dead_letter: null,
      })
      expect(await saidTo(turn)).toEqual([])
      expect(temporal.calls).toEqual([`terminate ${turn.turnId}`])
    })

    it('that ended by itself while it was late, and does not end its Workflow, which still sends', async () => {
      const turn = await late(await running(), LATE_MS + 500)
      const ports = sweeperPorts()
      const end: typeof ports.end = async (...given) => {
        await settle(db(), settlementOf(turn))
        return ports.end(...given)
      }
      await sweep({ ...ports, end }, AT_ONCE)
      expect((await turnRow(db(), turn.turnId)).state).toBe('replied')
      expect(temporal.calls).toEqual([])
    })

    it('that was late, after which its worker wakes up and changes nothing', async () => {
      const turn = await late(await running(), LATE_MS + 500)
      const attempt = attemptOf(turn)
      await claim(db(), attempt, { step: 'decide', beforeSettle: true })
      await run()
      const before = await contents(db())
      await expect(finish(db(), attempt, 'decide', { reply: 'Late.' })).rejects.toThrow(FencedError)
      const again = settlementOf(turn, { reply: null, state: 'replied' })
      expect(await settle(db(), again)).toMatchObject({ state: 'timed_out', isFirst: false })
      expect(await contents(db())).toEqual(before)
    })
  })

  it('goes on with the other turns when one cannot be helped, and comes back to that', async () => {
    const turns = [await queued(), await queued(), await queued()]
    temporal.refuses.add(turns[1]?.turnId ?? '')
    await run()
    expect(temporal.starts).toHaveLength(2)
    expect(bench.warnings).toEqual([expect.stringContaining('could not be swept')])
    temporal.refuses.clear()
    await run()
    expect(temporal.starts.map(({ turnId }) => turnId)).toContain(turns[1]?.turnId)
  })

  it('says that it failed, and does not throw, when Postgres does', async () => {
    const find = () => Promise.reject(new Error('Postgres is away.'))
    await sweep({ ...sweeperPorts(), find }, AT_ONCE)
    expect(bench.warnings).toEqual([expect.stringContaining('Postgres is away.')])
  })

  if (kind === 'pglite') return

  it('does each thing once although several processes sweep at the same moment', async () => {
    const turns = await Promise.all(Array.from({ length: 40 }, () => queued()))
    await sql`update turns set ready_at = ready_at - interval '1 minute'`.execute(db())
    const limits = { ...AT_ONCE, readyMs: 30_000 }
    await Promise.all(Array.from({ length: 5 }, () => sweep(sweeperPorts(), limits)))
    const ids = (heads: readonly HeadTurn[]) => heads.map(({ turnId }) => turnId).sort()
    expect(ids(temporal.starts)).toEqual(ids(turns))
  })
})

type Standing = 'running' | 'stranded' | 'closed'

/** Temporal as far as the sweeper sees it: which Workflows there are. */
function fakeTemporal() {
  const standings = new Map<string, Standing>()
  const fake = {
    starts: [] as HeadTurn[],
    calls: [] as string[],
    /** Turns whose start fails. */
    refuses: new Set<string>(),
    isAway: false,
    onDescribe: async () => {},
    stands: ({ turnId, gen }: TurnRef, standing: Standing) =>
      standings.set(`${turnId}:${gen}`, standing),
  }
  const workflows = {
    standing: async ({ turnId, gen }: TurnRef) => {
      await fake.onDescribe()
      return standings.get(`${turnId}:${gen}`) ?? 'not-found'
    },
    probe: async () => {
      if (fake.isAway) throw new Error('Temporal is away.')
    },
    cancel: async ({ turnId }: TurnRef) => void fake.calls.push(`cancel ${turnId}`),
    terminate: async ({ turnId }: TurnRef) => void fake.calls.push(`terminate ${turnId}`),
  }
  const startTurn = async (turn: HeadTurn) => {
    if (fake.refuses.has(turn.turnId)) throw new Error('Temporal is away.')
    if (standings.get(`${turn.turnId}:${turn.gen}`) === 'closed') return 'closed'
    fake.starts.push(turn)
    return 'started'
  }
  // Of the link's members the sweeper uses these.
  const link = { startTurn, workflows: async () => workflows } as unknown as TemporalLink
  return Object.assign(fake, { link })
}
