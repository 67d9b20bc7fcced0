import { beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { FencedError } from '../../agent/errors.ts'
import type { ModelResult } from '../../agent/models.ts'
import type { LedgerCall, LoadedTurn } from '../../agent/ports.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { claim, finish } from '../../turns/journal.ts'
import { closeForgottenCalls, completeCall, endCall, openCall } from '../../turns/ledger.ts'
import { settle } from '../../turns/settle.ts'
import { takeOver } from '../../turns/sweep.ts'
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

const STEP = 'decide'
const TIMES = { firstTokenMs: 12, latencyMs: 345 }
const ANSWER: ModelResult = {
  ...{ text: 'Good morning.', finishReason: 'stop', cost: 0.25 },
  usage: { inputTokens: 100, outputTokens: 7, cachedTokens: 40 },
}

describeDatabases('the ledger', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  const db = () => database.db
  const running = async () => runTurn(db(), await createChannel(db()))
  const callOf = (
    turn: Pick<LoadedTurn, 'turnId' | 'gen'>,
    attempt = 1,
    { call = 1, runId = 'run-1' } = {},
  ): LedgerCall => ({
    ...{ attempt: attemptOf(turn, attempt, runId), step: STEP, call },
    ...{ vendor: 'openai', model: 'stub', purpose: 'TEXT_LARGE', inputTokens: 80 },
  })
  const claimed = async (call: LedgerCall) => {
    await claim(db(), call.attempt, { step: STEP, beforeSettle: true })
    return call
  }
  /** Claims the step and opens the call, as each attempt does. */
  const opened = async (call: LedgerCall) => openCall(db(), await claimed(call))
  const rowsOf = ({ turnId }: { turnId: string }) =>
    db()
      .selectFrom('model_calls')
      .selectAll()
      .where('turn_id', '=', turnId)
      .orderBy('gen')
      .orderBy('attempt')
      .execute()
  const isFenced = async (call: LedgerCall) => {
    const before = await contents(db())
    await expect(openCall(db(), call)).rejects.toBeInstanceOf(FencedError)
    expect(await contents(db())).toEqual(before)
  }

  it('has a row before the vendor is called, with what was counted', async () => {
    const turn = await running()
    expect(await opened(callOf(turn))).toEqual({ kind: 'open', failures: 0 })
    expect(await rowsOf(turn)).toMatchObject([
      {
        ...{ state: 'pending', input_tokens: 80, output_tokens: null, response: null },
        ...{ vendor: 'openai', model: 'stub', purpose: 'TEXT_LARGE', attempt: 1 },
      },
    ])
  })

  it('completes the row with what the vendor billed', async () => {
    const turn = await running()
    await opened(callOf(turn))
    await completeCall(db(), callOf(turn), ANSWER, TIMES)
    expect(await rowsOf(turn)).toMatchObject([
      {
        ...{ state: 'complete', response: 'Good morning.', finish_reason: 'stop', error: null },
        ...{ input_tokens: 100, output_tokens: 7, cached_tokens: 40 },
        ...{ first_token_ms: 12, latency_ms: 345, cost: expect.stringMatching(/^0\.25/) },
      },
    ])
  })

  it('marks an answer without usage as unknown, with an estimate, and does not pay it twice', async () => {
    const turn = await running()
    await opened(callOf(turn))
    await completeCall(db(), callOf(turn), { ...ANSWER, usage: undefined, cost: null }, TIMES)
    expect(await rowsOf(turn)).toMatchObject([
      { state: 'unknown', input_tokens: 80, output_tokens: 4, response: 'Good morning.' },
    ])
    expect(await opened(callOf(turn, 2))).toMatchObject({ kind: 'finished' })
  })

  describe('a call that an earlier attempt began', () => {
    it('is unknown once the next one opens its own', async () => {
      const turn = await running()
      await opened(callOf(turn, 1))
      expect(await opened(callOf(turn, 2))).toEqual({ kind: 'open', failures: 0 })
      expect(await rowsOf(turn)).toMatchObject([{ state: 'unknown' }, { state: 'pending' }])
    })

    it('is unknown once the turn has ended, and completed when its answer comes after that', async () => {
      const turn = await running()
      await opened(callOf(turn, 1))
      await settle(db(), settlementOf(headOf(turn), { state: 'cancelled', reply: null }))
      expect(await rowsOf(turn)).toMatchObject([{ state: 'unknown', response: null }])
      await completeCall(db(), callOf(turn, 1), ANSWER, TIMES)
      expect(await rowsOf(turn)).toMatchObject([{ state: 'complete', output_tokens: 7 }])
    })

    it('after the end of its turn is unknown once nobody can be waiting for it', async () => {
      const turn = await running()
      await settle(db(), settlementOf(headOf(turn)))
      const row = { turn_id: turn.turnId, gen: 1, step: 'evaluate:LOOK', call: 1, attempt: 1 }
      const call = { ...row, vendor: 'openai', model: 'stub', purpose: 'TEXT_SMALL' }
      await db()
        .insertInto('model_calls')
        .values({ ...call, state: 'pending' })
        .execute()
      const age = (minutes: number) =>
        sql`update turns t set settled_at = clock_timestamp() - ${minutes}::float8 * interval '1 minute'
          where id = ${turn.turnId}`
          .execute(db())
          .then(() =>
            sql`update model_calls set created_at = clock_timestamp() - ${minutes}::float8 * interval '1 minute'
              where turn_id = ${turn.turnId}`.execute(db()),
          )
      await age(9)
      await closeForgottenCalls(db())
      expect(await rowsOf(turn)).toMatchObject([{ state: 'pending' }])
      await age(11)
      await closeForgottenCalls(db())
      expect(await rowsOf(turn)).toMatchObject([{ state: 'unknown' }])
    })

    it('is completed all the same when its answer comes late', async () => {
      const turn = await running()
      await opened(callOf(turn, 1))
      await opened(callOf(turn, 2))
      await completeCall(db(), callOf(turn, 1), ANSWER, TIMES)
      expect(await rowsOf(turn)).toMatchObject([
        { state: 'complete', output_tokens: 7 },
        { state: 'pending' },
      ])
    })

    it('is returned unpaid when it was answered', async () => {
      const turn = await running()
      await opened(callOf(turn, 1))
      await completeCall(db(), callOf(turn, 1), ANSWER, TIMES)
      expect(await opened(callOf(turn, 2))).toEqual({
        ...{ kind: 'finished', text: 'Good morning.', finishReason: 'stop' },
      })
      expect(await rowsOf(turn)).toHaveLength(1)
    })

    it('is returned unpaid to the next generation too', async () => {
      const turn = await running()
      await opened(callOf(turn, 5))
      await completeCall(db(), callOf(turn, 5), ANSWER, TIMES)
      const next = await nextGeneration(turn)
      expect(await opened(callOf(next, 1, { runId: 'run-2' }))).toMatchObject({ kind: 'finished' })
      expect(await rowsOf(turn)).toHaveLength(1)
    })

    it('is one call of several: another ordinal is another call', async () => {
      const turn = await running()
      await opened(callOf(turn))
      await completeCall(db(), callOf(turn), ANSWER, TIMES)
      expect(await openCall(db(), callOf(turn, 1, { call: 2 }))).toMatchObject({ kind: 'open' })
    })
  })

  describe('an attempt that lost its step', () => {
    it('may not open a call, and touches nobody else’s', async () => {
      const turn = await running()
      await opened(callOf(turn, 1))
      await claimed(callOf(turn, 2))
      await claimed(callOf(turn, 3))
      await isFenced(callOf(turn, 2))
    })

    it('is not given an answer either', async () => {
      const turn = await running()
      await opened(callOf(turn, 1))
      await completeCall(db(), callOf(turn, 1), ANSWER, TIMES)
      await claimed(callOf(turn, 2))
      await isFenced(callOf(turn, 1))
    })

    it('leaves the calls of the next generation alone', async () => {
      const turn = await running()
      await claimed(callOf(turn, 7))
      const next = await nextGeneration(turn)
      await opened(callOf(next, 1, { runId: 'run-2' }))
      await isFenced(callOf(turn, 7))
      expect(await rowsOf(turn)).toMatchObject([{ gen: 2, state: 'pending' }])
    })

    it('may not open a call once the step or the turn has ended', async () => {
      const [first, second] = [await running(), await running()]
      await claimed(callOf(first))
      await finish(db(), attemptOf(first), STEP, {})
      await isFenced(callOf(first))
      await claimed(callOf(second))
      await settle(db(), settlementOf(headOf(second)))
      await isFenced(callOf(second))
    })
  })

  describe('a call that did not end well', () => {
    const cut = { state: 'cut', partial: 'Good mor', error: null, ...TIMES } as const
    const failed = { state: 'unknown', partial: '', error: 'It said no.', ...TIMES } as const

    it('is cut, with an estimate of what had arrived, when we aborted it', async () => {
      const turn = await running()
      await opened(callOf(turn))
      await endCall(db(), callOf(turn), cut)
      expect(await rowsOf(turn)).toMatchObject([
        { state: 'cut', input_tokens: 80, output_tokens: 2, response: null, error: null },
      ])
    })

    it('is unknown, with the reason, when the vendor failed, and counts as a failure', async () => {
      const turn = await running()
      await opened(callOf(turn, 1))
      await endCall(db(), callOf(turn, 1), failed)
      await opened(callOf(turn, 2))
      await endCall(db(), callOf(turn, 2), failed)
      expect(await opened(callOf(turn, 3))).toEqual({ kind: 'open', failures: 2 })
      expect(await rowsOf(turn)).toMatchObject([
        { state: 'unknown', output_tokens: 0, error: 'It said no.' },
        { state: 'unknown' },
        { state: 'pending' },
      ])
    })

    it('does not take back an answer', async () => {
      const turn = await running()
      await opened(callOf(turn))
      await completeCall(db(), callOf(turn), ANSWER, TIMES)
      await endCall(db(), callOf(turn), cut)
      expect(await rowsOf(turn)).toMatchObject([{ state: 'complete', output_tokens: 7 }])
    })
  })

  async function nextGeneration(turn: LoadedTurn): Promise<LoadedTurn> {
    const next = await takeOver(db(), headOf(turn))
    if (!next) throw new Error('The turn was not taken over.')
    return admitTurn(db(), next, 'run-2')
  }
})
