import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { createSweeperPorts } from '../../bin/sweeper-ports.ts'
import type { TemporalLink } from '../../bin/temporal-link.ts'
import type { OpenDatabase } from '../../database/open.ts'
import type { HeadTurn, TurnRef } from '../../schema/turn.ts'
import { settle } from '../../turns/settle.ts'
import { sweep } from '../../workers/sweeper.ts'
import { describeDatabases } from '../support/databases.ts'
import { createStepBench, type StepBench } from '../support/step-bench.ts'
import {
  createChannel,
  headOf,
  queueTurn,
  runTurn,
  settlementOf,
  turnRow,
} from '../support/turn-fixtures.ts'

const GRACE_MS = 10_000
const AT_ONCE = { readyMs: 0, untouchedMs: 0, graceMs: GRACE_MS }

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
  const running = async (deadlineMs?: number) => {
    const turn = headOf(await runTurn(db(), await createChannel(db()), { deadlineMs: 300_000 }))
    if (deadlineMs === undefined) return turn
    const deadline_at = new Date(Date.now() + deadlineMs)
    await db().updateTable('turns').set({ deadline_at }).where('id', '=', turn.turnId).execute()
    return turn
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

    it('past its deadline and grace, and cancels its Workflow', async () => {
      const turn = await running(-GRACE_MS - 5_000)
      temporal.stands(turn, 'running')
      await run()
      expect(temporal.calls).toEqual([`cancel ${turn.turnId}`])
      expect((await turnRow(db(), turn.turnId)).state).toBe('running')
    })

    it('that does not end by itself long after that, and ends it', async () => {
      const turn = await running(-2 * GRACE_MS - 5_000)
      temporal.stands(turn, 'running')
      await run()
      expect(temporal.calls).toEqual([`terminate ${turn.turnId}`])
      expect(await turnRow(db(), turn.turnId)).toMatchObject({ state: 'timed_out' })
      expect(await saidTo(turn)).toHaveLength(1)
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

type Standing = 'running' | 'closed'

/** Temporal as far as the sweeper sees it: which Workflows there are. */
function fakeTemporal() {
  const standings = new Map<string, Standing>()
  const fake = {
    starts: [] as HeadTurn[],
    calls: [] as string[],
    /** Turns whose start fails. */
    refuses: new Set<string>(),
    onDescribe: async () => {},
    stands: ({ turnId, gen }: TurnRef, standing: Standing) =>
      standings.set(`${turnId}:${gen}`, standing),
  }
  const workflows = {
    standing: async ({ turnId, gen }: TurnRef) => {
      await fake.onDescribe()
      return standings.get(`${turnId}:${gen}`) ?? 'not-found'
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
