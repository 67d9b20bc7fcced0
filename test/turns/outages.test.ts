import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { OpenDatabase } from '../../database/open.ts'
import type { HeadTurn } from '../../schema/turn.ts'
import { claim, finish } from '../../turns/journal.ts'
import { hasOutage, noteReached, noteSilence } from '../../turns/outages.ts'
import { settle } from '../../turns/settle.ts'
import { describeDatabases } from '../support/databases.ts'
import {
  admitTurn,
  attemptOf,
  createChannel,
  headOf,
  queueTurn,
  runTurn,
  settlementOf,
  turnRow,
} from '../support/turn-fixtures.ts'

const MINUTE_MS = 60_000
const SILENT = { silentMs: 10_000, watchedMs: 60 * MINUTE_MS }

/** Each test has the database to itself: an outage is everybody's. */
describeDatabases('an outage of Temporal', (open, kind) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  beforeEach(async () => {
    passedMs = 0
    await sql`delete from agents`.execute(database.db)
    await sql`delete from temporal_outages`.execute(database.db)
    await sql`delete from temporal_contact`.execute(database.db)
  })
  const db = () => database.db
  /** As if what has happened so far had happened that much earlier. */
  let passedMs = 0
  const pass = async (ms: number) => {
    passedMs += ms
    const earlier = sql`- ${ms} * interval '1 millisecond'`
    await sql`update temporal_contact set reached_at = reached_at ${earlier}`.execute(db())
    await sql`update temporal_outages set began_at = began_at ${earlier}, ended_at = ended_at ${earlier}`.execute(
      db(),
    )
    await sql`update turns set deadline_at = deadline_at ${earlier}, deadline_from = deadline_from ${earlier}`.execute(
      db(),
    )
  }
  const outages = async () => {
    const { rows } = await sql<{ minutes: number; open: boolean }>`
      select round(extract(epoch from coalesce(ended_at, clock_timestamp()) - began_at) / 60)::int as minutes,
        ended_at is null as open
      from temporal_outages order by began_at`.execute(db())
    return rows.map(({ minutes, open }) => (open ? `${minutes} min, open` : `${minutes} min`))
  }
  const minutesLeft = async ({ turnId }: HeadTurn) => {
    const { rows } = await sql<{ minutes: number }>`
      select round(extract(epoch from deadline_at - clock_timestamp()) / 60)::int as minutes
      from turns where id = ${turnId}`.execute(db())
    return rows[0]?.minutes
  }
  const timedOut = (turn: HeadTurn) =>
    settlementOf(turn, {
      ...{ state: 'timed_out', code: 'deadline_exceeded' },
      deadlineAt: turn.deadlineAt - passedMs,
    })
  const queued = async () => queueTurn(db(), await createChannel(db()))

  it('begins when somebody last reached it, once nobody did for long enough', async () => {
    await noteReached(db())
    await pass(5_000)
    await noteSilence(db(), SILENT)
    expect(await hasOutage(db())).toBe(false)
    await pass(3 * MINUTE_MS)
    await noteSilence(db(), SILENT)
    await noteSilence(db(), SILENT)
    expect(await outages()).toEqual(['3 min, open'])
  })

  it('is not there because one process is cut off while another reaches it', async () => {
    await pass(0)
    await noteReached(db())
    await noteSilence(db(), SILENT)
    expect(await outages()).toEqual([])
  })

  it('does not begin before the process that notices it looked for the first time', async () => {
    await noteReached(db())
    await pass(50 * MINUTE_MS)
    await noteSilence(db(), { ...SILENT, watchedMs: 9_000 })
    expect(await outages()).toEqual([])
    await noteSilence(db(), { ...SILENT, watchedMs: 2 * MINUTE_MS })
    expect(await outages()).toEqual(['2 min, open'])
  })

  it('is not counted twice when it ends and is noticed again', async () => {
    await noteReached(db())
    await pass(3 * MINUTE_MS)
    await noteSilence(db(), SILENT)
    await noteReached(db())
    await sql`update temporal_contact set reached_at = reached_at - interval '3 minutes'`.execute(
      db(),
    )
    await noteSilence(db(), SILENT)
    expect(await outages()).toEqual(['3 min', '0 min, open'])
  })

  it('is added to the deadline of every unfinished turn when it ends, once', async () => {
    const channel = await createChannel(db())
    const running = headOf(await runTurn(db(), channel))
    const waiting = await queueTurn(db(), channel)
    const ended = headOf(await runTurn(db(), await createChannel(db())))
    await settle(db(), settlementOf(ended))
    await noteReached(db())
    await pass(20 * MINUTE_MS)
    await noteSilence(db(), SILENT)
    await Promise.all([noteReached(db()), noteReached(db()), noteReached(db())])
    expect(await minutesLeft(running)).toBe(5)
    expect(await minutesLeft(waiting)).toBe(5)
    expect(await minutesLeft(ended)).toBe(-15)
  })

  it('is added to a turn from the moment on at which its deadline began to count', async () => {
    await noteReached(db())
    await pass(20 * MINUTE_MS)
    await noteSilence(db(), SILENT)
    const turn = await queued()
    await pass(4 * MINUTE_MS)
    await noteReached(db())
    expect(await outages()).toEqual(['24 min'])
    expect(await minutesLeft(turn)).toBe(5)
  })

  describe('when a turn is to end because its deadline passed', () => {
    it('lets it go on as its next generation, at its place, with the time that was lost', async () => {
      const channel = await createChannel(db())
      const turn = headOf(await runTurn(db(), channel))
      await queueTurn(db(), channel)
      await noteReached(db())
      await pass(20 * MINUTE_MS)
      await noteSilence(db(), SILENT)
      const settled = await settle(db(), timedOut(turn))
      expect(settled).toMatchObject({ state: 'queued', isFirst: false })
      expect(settled?.head).toMatchObject({ turnId: turn.turnId, gen: 2 })
      expect(await turnRow(db(), turn.turnId)).toMatchObject({
        ...{ state: 'queued', gen: 2, seq: 1, code: null, reply_memory_id: null },
      })
      expect(await minutesLeft(turn)).toBe(5)
      expect(await hasOutage(db())).toBe(false)
    })

    it('ends it when the time that was added is over as well', async () => {
      const turn = headOf(await runTurn(db(), await createChannel(db())))
      await noteReached(db())
      await pass(20 * MINUTE_MS)
      await noteSilence(db(), SILENT)
      await noteReached(db())
      await pass(6 * MINUTE_MS)
      expect(await settle(db(), timedOut(turn))).toMatchObject({
        state: 'timed_out',
        isFirst: true,
      })
    })

    it('ends it when nothing was added, whatever its clock says', async () => {
      const turn = headOf(await runTurn(db(), await createChannel(db())))
      expect(await settle(db(), timedOut(turn))).toMatchObject({
        state: 'timed_out',
        isFirst: true,
      })
    })

    it('ends a turn that somebody cancelled meanwhile', async () => {
      const turn = headOf(await runTurn(db(), await createChannel(db())))
      await noteReached(db())
      await pass(20 * MINUTE_MS)
      await noteSilence(db(), SILENT)
      await sql`update turns set cancel_requested_at = clock_timestamp()`.execute(db())
      expect(await settle(db(), timedOut(turn))).toMatchObject({ state: 'cancelled' })
    })

    it('keeps what its steps finished, and lets no attempt of the old generation write', async () => {
      const loaded = await runTurn(db(), await createChannel(db()))
      const turn = headOf(loaded)
      const first = attemptOf(turn, 3)
      const step = (name: string) => ({ step: name, beforeSettle: true })
      await claim(db(), first, step('decide'))
      await finish(db(), first, 'decide', { reply: 'Hello.', attempt: 3, chunks: 9, actions: [] })
      await claim(db(), first, step('runAction:0'))
      await sql`insert into prompts (turn_id, gen, step, prompt, state)
        values (${turn.turnId}, 1, 'decide', 'Say hello.', '{}')`.execute(db())
      await noteReached(db())
      await pass(20 * MINUTE_MS)
      await noteSilence(db(), SILENT)
      await settle(db(), timedOut(turn))
      const next = { turnId: turn.turnId, gen: 2 }
      await admitTurn(db(), next, 'run-2')
      const second = attemptOf(next, 1, 'run-2')
      expect(await claim(db(), second, step('decide'))).toEqual({
        ...{
          kind: 'done',
          result: { reply: 'Hello.', actions: [], gen: 1, attempt: 0, chunks: 0 },
        },
      })
      expect(await claim(db(), second, step('runAction:0'))).toMatchObject({ isTakeover: true })
      await expect(finish(db(), first, 'runAction:0', {})).rejects.toThrow('Another attempt')
      const prompts = db().selectFrom('prompts').select(['gen', 'prompt']).orderBy('gen')
      expect(await prompts.execute()).toEqual([
        { gen: 1, prompt: 'Say hello.' },
        { gen: 2, prompt: 'Say hello.' },
      ])
    })
  })

  if (kind === 'pglite') return

  it('ends once although many notice it, while turns settle', async () => {
    const turns = await Promise.all(
      Array.from({ length: 20 }, async () =>
        headOf(await runTurn(db(), await createChannel(db()))),
      ),
    )
    await noteReached(db())
    await pass(20 * MINUTE_MS)
    await noteSilence(db(), SILENT)
    const settled = await Promise.all([
      ...turns.map((turn) => settle(db(), timedOut(turn))),
      ...Array.from({ length: 5 }, () => noteReached(db()).then(() => undefined)),
    ])
    expect(settled.flatMap((row) => row?.state ?? [])).toEqual(turns.map(() => 'queued'))
    expect(new Set(await Promise.all(turns.map(minutesLeft)))).toEqual(new Set([5]))
  })
})
