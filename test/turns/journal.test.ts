import { beforeAll, describe, expect, it } from '@jest/globals'
import { FencedError } from '../../agent/errors.ts'
import type { LoadedTurn, StepAttempt } from '../../agent/ports.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { listMessages } from '../../memory/messages.ts'
import { claim, finish, journaled, journalOnce, noteFailure } from '../../turns/journal.ts'
import { settle } from '../../turns/settle.ts'
import { takeOver } from '../../turns/sweep.ts'
import { writeStep } from '../../turns/writes.ts'
import { describeDatabases } from '../support/databases.ts'
import {
  admitTurn,
  attemptOf,
  contents,
  createChannel,
  headOf,
  runTurn,
  settlementOf,
} from '../support/turn-fixtures.ts'

const BEFORE = { step: 'decide', beforeSettle: true }
const AFTER = { step: 'deliver', beforeSettle: false }

describeDatabases('the journal', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  const db = () => database.db
  const running = async () => runTurn(db(), await createChannel(db()))
  const claimed = async (attempt: StepAttempt, options = BEFORE) => claim(db(), attempt, options)
  const end = (turn: LoadedTurn) => settle(db(), settlementOf(headOf(turn)))
  /** Fails when `work` is let through, or when it left a trace. */
  const isFenced = async (work: () => Promise<unknown>) => {
    const before = await contents(db())
    await expect(work()).rejects.toBeInstanceOf(FencedError)
    expect(await contents(db())).toEqual(before)
  }

  describe('when attempts 1 and 2 of a step meet', () => {
    it('gives the step to the later one, and says that it was begun before', async () => {
      const turn = await running()
      expect(await claimed(attemptOf(turn, 1))).toEqual({ kind: 'claimed', isTakeover: false })
      expect(await claimed(attemptOf(turn, 2))).toEqual({ kind: 'claimed', isTakeover: true })
    })

    it('lets the displaced one change nothing, before and after the other has finished', async () => {
      const turn = await running()
      await claimed(attemptOf(turn, 1))
      await claimed(attemptOf(turn, 2))
      await isFenced(() => finish(db(), attemptOf(turn, 1), 'decide', { reply: 'Late.' }))
      await finish(db(), attemptOf(turn, 2), 'decide', { reply: 'In time.' })
      await isFenced(() => finish(db(), attemptOf(turn, 1), 'decide', { reply: 'Later.' }))
      expect(await journaled(db(), turn.turnId, 1, 'decide')).toEqual({ reply: 'In time.' })
    })

    it('refuses the earlier one that comes late, however late', async () => {
      const turn = await running()
      await claimed(attemptOf(turn, 2))
      await isFenced(() => claimed(attemptOf(turn, 1)))
    })

    it('refuses to finish twice', async () => {
      const turn = await running()
      await claimed(attemptOf(turn))
      await finish(db(), attemptOf(turn), 'decide', { reply: 'Once.' })
      await isFenced(() => finish(db(), attemptOf(turn), 'decide', { reply: 'Twice.' }))
    })
  })

  it('returns the journaled result to every attempt that comes after the end', async () => {
    const turn = await running()
    await claimed(attemptOf(turn, 1))
    await finish(db(), attemptOf(turn, 1), 'decide', { actions: ['REPLY'] })
    const before = await contents(db())
    for (const attempt of [1, 2, 7]) {
      expect(await claimed(attemptOf(turn, attempt))).toEqual({
        ...{ kind: 'done', result: { actions: ['REPLY'] } },
      })
    }
    expect(await contents(db())).toEqual(before)
  })

  it('keeps the order of the messages that a step said, whatever the clock can tell apart', async () => {
    const turn = await running()
    const said = Array.from({ length: 20 }, (_, n) => `Number ${n}.`)
    const writes = { messages: said.map((text) => ({ text })), memories: [], relationships: [] }
    const target = { turn, step: 'runAction:0', outboxSource: null }
    await db()
      .transaction()
      .execute((trx) => writeStep(trx, target, writes))
    const shown = await listMessages(db(), turn.channelId, { limit: 20 })
    expect(shown.map(({ content }) => content).toReversed()).toEqual(said)
  })

  it('refuses another run and another generation', async () => {
    const turn = await running()
    await isFenced(() => claimed(attemptOf(turn, 9, 'run-2')))
    await isFenced(() => claimed(attemptOf({ ...turn, gen: 2 })))
    await isFenced(() => finish(db(), attemptOf(turn), 'decide', {}))
  })

  it('refuses the old generation once the turn was taken over', async () => {
    const turn = await running()
    await claimed(attemptOf(turn))
    await takeOver(db(), headOf(turn))
    const next = await admitTurn(db(), { ...turn, gen: 2 }, 'run-2')
    await isFenced(() => claimed(attemptOf(turn, 2)))
    expect(await claimed(attemptOf(next, 1, 'run-2'))).toMatchObject({ kind: 'claimed' })
  })

  describe('after the turn has ended', () => {
    it('refuses to begin what makes sense only before', async () => {
      const turn = await running()
      await end(turn)
      await isFenced(() => claimed(attemptOf(turn)))
      await isFenced(() => journalOnce(db(), attemptOf(turn), 'shouldRespond', {}))
    })

    it('lets what follows the outcome begin and finish', async () => {
      const turn = await running()
      await end(turn)
      expect(await claimed(attemptOf(turn), AFTER)).toMatchObject({ kind: 'claimed' })
      await finish(db(), attemptOf(turn), 'deliver', { sent: 1 })
      expect(await journaled(db(), turn.turnId, 1, 'deliver')).toEqual({ sent: 1 })
    })

    it('refuses the result of a step that was under way', async () => {
      const turn = await running()
      await claimed(attemptOf(turn), { step: 'runAction:0', beforeSettle: true })
      await end(turn)
      await isFenced(() => finish(db(), attemptOf(turn), 'runAction:0', { success: true }))
      await isFenced(() => claimed(attemptOf(turn, 2), { step: 'runAction:0', beforeSettle: true }))
    })
  })

  describe('a step whose whole effect is its row', () => {
    const once = (attempt: StepAttempt, decision: string) =>
      journalOnce(db(), attempt, 'shouldRespond', { decision })

    it('keeps what was written first, and tells everyone', async () => {
      const turn = await running()
      expect(await once(attemptOf(turn, 1), 'respond')).toEqual({ decision: 'respond' })
      expect(await once(attemptOf(turn, 2), 'ignore')).toEqual({ decision: 'respond' })
    })

    it('is refused to another run', async () => {
      const turn = await running()
      await isFenced(() => once(attemptOf(turn, 1, 'run-2'), 'ignore'))
    })
  })

  describe('the reason of a failed attempt', () => {
    const reasonOf = async ({ turnId }: LoadedTurn, step = 'decide') => {
      const rows = await db()
        .selectFrom('steps')
        .select(['step', 'state', 'error'])
        .where('turn_id', '=', turnId)
        .where('step', '=', step)
        .execute()
      return rows[0]
    }

    it('is noted while the attempt holds the step, and goes when the step succeeds', async () => {
      const turn = await running()
      await claimed(attemptOf(turn))
      await noteFailure(db(), attemptOf(turn), 'decide', 'The vendor said no.')
      expect(await reasonOf(turn)).toMatchObject({ state: 'pending', error: 'The vendor said no.' })
      await claimed(attemptOf(turn, 2))
      await finish(db(), attemptOf(turn, 2), 'decide', {})
      expect(await reasonOf(turn)).toMatchObject({ state: 'done', error: null })
    })

    it('of a displaced attempt changes nothing', async () => {
      const turn = await running()
      await claimed(attemptOf(turn, 2))
      const before = await contents(db())
      await noteFailure(db(), attemptOf(turn, 1), 'decide', 'Another attempt holds the step.')
      expect(await contents(db())).toEqual(before)
    })

    it('goes when a step without a claim succeeds after it', async () => {
      const turn = await running()
      await noteFailure(db(), attemptOf(turn, 1), 'shouldRespond', 'Postgres was away.')
      await journalOnce(db(), attemptOf(turn, 2), 'shouldRespond', { decision: 'respond' })
      expect(await reasonOf(turn, 'shouldRespond')).toMatchObject({ state: 'done', error: null })
    })

    it('may hold what Postgres cannot store', async () => {
      const turn = await running()
      await noteFailure(db(), attemptOf(turn), 'decide', 'Broken at \u0000 and \ud800.')
      expect(await reasonOf(turn)).toMatchObject({ error: 'Broken at \ufffd and \ufffd.' })
    })
  })
})
