import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { FencedError } from '../../agent/errors.ts'
import type { LedgerCall } from '../../agent/ledger.ts'
import type { LoadedTurn } from '../../agent/ports.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { claim, finish } from '../../turns/journal.ts'
import { closeForgottenCalls, completeCall, endCall } from '../../turns/ledger.ts'
import { openCall, standingCall } from '../../turns/ledger-open.ts'
import { settle } from '../../turns/settle.ts'
import { takeOver } from '../../turns/sweep.ts'
import { describeDatabases } from '../support/databases.ts'
import { ANSWER, callOf as anyCallOf, CUT, FAILED, REFUSED } from '../support/ledger-calls.ts'
import {
  admitTurn,
  attemptOf,
  contents,
  createAgent,
  createChannel,
  headOf,
  runTurn,
  settlementOf,
} from '../support/turn-fixtures.ts'

const STEP = 'decide'

describeDatabases('the ledger', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  const db = () => database.db
  const running = async () => runTurn(db(), await createChannel(db()))
  const callOf = (turn: LoadedTurn, attempt = 1, given: { call?: number; runId?: string } = {}) =>
    anyCallOf(turn, { attempt, ...given })
  const claimed = async (call: LedgerCall) => {
    if (call.attempt) await claim(db(), call.attempt, { step: STEP, beforeSettle: true })
    return call
  }
  /** Claims the step and opens the call, as each attempt does. */
  const opened = async (call: LedgerCall) => openCall(db(), await claimed(call))
  const rowsOf = ({ turnId }: Pick<LoadedTurn, 'turnId'>) =>
    db()
      .selectFrom('model_calls')
      .selectAll()
      .where('turn_id', '=', turnId)
      .orderBy('gen')
      .orderBy('attempt')
      .orderBy('try')
      .execute()
  const isFenced = async (call: LedgerCall) => {
    const before = await contents(db())
    await expect(openCall(db(), call)).rejects.toBeInstanceOf(FencedError)
    expect(await contents(db())).toEqual(before)
  }

  it('has a row before the vendor is called, with what was counted', async () => {
    const turn = await running()
    expect(await opened(callOf(turn))).toEqual({ kind: 'open' })
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
    await completeCall(db(), callOf(turn), ANSWER)
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
    const { usage: _usage, ...unmetered } = { ...ANSWER, cost: null }
    await completeCall(db(), callOf(turn), unmetered)
    expect(await rowsOf(turn)).toMatchObject([
      { state: 'unknown', input_tokens: 80, output_tokens: 4, response: 'Good morning.' },
    ])
    expect(await opened(callOf(turn, 2))).toMatchObject({ kind: 'finished' })
  })

  describe('a call that an earlier attempt began', () => {
    it('is unknown once the next one opens its own', async () => {
      const turn = await running()
      await opened(callOf(turn, 1))
      expect(await opened(callOf(turn, 2))).toEqual({ kind: 'open' })
      expect(await rowsOf(turn)).toMatchObject([{ state: 'unknown' }, { state: 'pending' }])
    })

    it('is unknown once the turn has ended, and completed when its answer comes after that', async () => {
      const turn = await running()
      await opened(callOf(turn, 1))
      await settle(db(), settlementOf(headOf(turn), { state: 'cancelled', reply: null }))
      expect(await rowsOf(turn)).toMatchObject([{ state: 'unknown', response: null }])
      await completeCall(db(), callOf(turn, 1), ANSWER)
      expect(await rowsOf(turn)).toMatchObject([{ state: 'complete', output_tokens: 7 }])
    })

    it('after the end of its turn is unknown once nobody can be waiting for it', async () => {
      const turn = await running()
      await settle(db(), settlementOf(headOf(turn)))
      const row = { turn_id: turn.turnId, gen: 1, step: 'evaluate:LOOK', call: 1, attempt: 1 }
      const call = { ...row, vendor: 'openai', model: 'stub', purpose: 'TEXT_SMALL' }
      const key = { id: randomUUID(), agent_id: turn.agentId }
      await db()
        .insertInto('model_calls')
        .values({ ...key, ...call, state: 'pending' })
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
      await completeCall(db(), callOf(turn, 1), ANSWER)
      expect(await rowsOf(turn)).toMatchObject([
        { state: 'complete', output_tokens: 7 },
        { state: 'pending' },
      ])
    })

    it('is returned unpaid when it was answered', async () => {
      const turn = await running()
      await opened(callOf(turn, 1))
      await completeCall(db(), callOf(turn, 1), ANSWER)
      expect(await opened(callOf(turn, 2))).toEqual({
        ...{ kind: 'finished', text: 'Good morning.', finishReason: 'stop' },
      })
      expect(await rowsOf(turn)).toHaveLength(1)
    })

    it('is returned unpaid to the next generation too', async () => {
      const turn = await running()
      await opened(callOf(turn, 5))
      await completeCall(db(), callOf(turn, 5), ANSWER)
      const next = await nextGeneration(turn)
      expect(await opened(callOf(next, 1, { runId: 'run-2' }))).toMatchObject({ kind: 'finished' })
      expect(await rowsOf(turn)).toHaveLength(1)
    })

    it('is one call of several: another ordinal is another call', async () => {
      const turn = await running()
      await opened(callOf(turn))
      await completeCall(db(), callOf(turn), ANSWER)
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
      await completeCall(db(), callOf(turn, 1), ANSWER)
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
    it('is cut, with an estimate of what had arrived, when we aborted it', async () => {
      const turn = await running()
      await opened(callOf(turn))
      await endCall(db(), callOf(turn), CUT)
      expect(await rowsOf(turn)).toMatchObject([
        { state: 'cut', input_tokens: 80, output_tokens: 2, response: null, error: null },
      ])
    })

    it('is unknown, with the reason, when the vendor failed', async () => {
      const turn = await running()
      await opened(callOf(turn))
      await endCall(db(), callOf(turn), FAILED)
      expect(await rowsOf(turn)).toMatchObject([
        {
          state: 'unknown',
          output_tokens: 0,
          error: 'It is silent.',
          error_code: 'model_unavailable',
        },
      ])
      expect(await opened(callOf(turn, 2))).toEqual({ kind: 'open' })
    })

    it('may be followed by another vendor’s in the same attempt, whose answer is the paid one', async () => {
      const turn = await running()
      const second = anyCallOf(turn, { try: 2, vendor: 'groq' })
      await opened(callOf(turn))
      await endCall(db(), callOf(turn), FAILED)
      expect(await opened(second)).toEqual({ kind: 'open' })
      await completeCall(db(), second, ANSWER)
      expect(await rowsOf(turn)).toMatchObject([
        { state: 'unknown', try: 1, vendor: 'openai' },
        { state: 'complete', try: 2, vendor: 'groq' },
      ])
      expect(await opened(callOf(turn, 2))).toMatchObject({ kind: 'finished' })
    })

    it('of which nobody said how it ended is unknown once the same attempt asks another vendor', async () => {
      const turn = await running()
      await opened(callOf(turn))
      await opened(anyCallOf(turn, { try: 2 }))
      expect(await rowsOf(turn)).toMatchObject([{ state: 'unknown' }, { state: 'pending' }])
    })

    it('does not take back an answer', async () => {
      const turn = await running()
      await opened(callOf(turn))
      await completeCall(db(), callOf(turn), ANSWER)
      await endCall(db(), callOf(turn), CUT)
      expect(await rowsOf(turn)).toMatchObject([{ state: 'complete', output_tokens: 7 }])
    })
  })

  describe('what stands before a call', () => {
    const standing = (turn: LoadedTurn, attempt = 1, runId?: string, call = 1) =>
      standingCall(db(), {
        attempt: attemptOf(turn, attempt, runId),
        ...{ step: STEP, call, purpose: 'TEXT_LARGE' },
      })

    it('is nothing at first', async () => {
      expect(await standing(await running())).toEqual({ paid: undefined, failed: [] })
    })

    it('is the answer that was paid, for its own question only', async () => {
      const turn = await running()
      await opened(callOf(turn))
      await completeCall(db(), callOf(turn), ANSWER)
      const paid = { kind: 'finished', text: 'Good morning.', finishReason: 'stop' }
      expect(await standing(turn, 2)).toEqual({ paid, failed: [] })
      expect(await standing(turn, 2, undefined, 2)).toEqual({ paid: undefined, failed: [] })
      const next = await nextGeneration(turn)
      expect(await standing(next, 1, 'run-2')).toEqual({ paid, failed: [] })
    })

    it('is no answer to a question of another kind that has the same ordinal now', async () => {
      const turn = await running()
      await opened(callOf(turn))
      await completeCall(db(), callOf(turn), ANSWER)
      const question = { attempt: attemptOf(turn, 2), step: STEP, call: 1 }
      const other = await standingCall(db(), { ...question, purpose: 'TEXT_EMBEDDING' })
      expect(other.paid).toBeUndefined()
      expect((await standing(turn, 2)).paid).toBeDefined()
      const embedding = { ...callOf(turn, 2), purpose: 'TEXT_EMBEDDING' as const }
      expect(await opened(embedding)).toEqual({ kind: 'open' })
    })

    it('is not how a model failed at another question of the step', async () => {
      const turn = await running()
      await opened(callOf(turn))
      await endCall(db(), callOf(turn), REFUSED)
      expect((await standing(turn, 2)).failed).toHaveLength(1)
      expect((await standing(turn, 2, undefined, 2)).failed).toEqual([])
    })

    it('is how often each model failed in this generation, and whether it would again', async () => {
      const turn = await running()
      const ended = async (call: LedgerCall, end: typeof FAILED) => {
        await opened(call)
        await endCall(db(), call, end)
      }
      await ended(anyCallOf(turn, { model: 'a' }), FAILED)
      await ended(anyCallOf(turn, { try: 2, model: 'b' }), REFUSED)
      await ended(anyCallOf(turn, { attempt: 2, model: 'a' }), FAILED)
      await ended(anyCallOf(turn, { attempt: 2, try: 2, vendor: 'groq' }), CUT)
      const { paid, failed } = await standing(turn, 3)
      expect(paid).toBeUndefined()
      expect(failed.toSorted((a, b) => a.model.localeCompare(b.model))).toEqual([
        { vendor: 'openai', model: 'a', failures: 2, isRejected: false },
        { vendor: 'openai', model: 'b', failures: 1, isRejected: true },
      ])
      const next = await nextGeneration(turn)
      expect((await standing(next, 1, 'run-2')).failed).toEqual([])
    })

    it('is no answer that is not worth keeping', async () => {
      const turn = await running()
      await opened(callOf(turn))
      await completeCall(db(), callOf(turn), { ...ANSWER, text: null })
      expect((await standing(turn, 2)).paid).toBeUndefined()
      expect(await rowsOf(turn)).toMatchObject([{ state: 'complete', response: null }])
    })
  })

  describe('a call outside of any turn', () => {
    const speech = (agentId: string): LedgerCall => ({
      ...{ id: randomUUID(), attempt: null, agentId, step: 'speech', call: 1, try: 1 },
      ...{ vendor: 'openai', model: 'voice', purpose: 'TEXT_TO_SPEECH', inputTokens: 12 },
    })
    const rowOf = ({ id }: LedgerCall) =>
      db().selectFrom('model_calls').selectAll().where('id', '=', id).executeTakeFirst()

    it('has a row of its own, which nothing fences, and is asked anew each time', async () => {
      const agentId = await createAgent(db())
      const [first, second] = [speech(agentId), speech(agentId)]
      for (const call of [first, second]) {
        expect(await openCall(db(), call)).toEqual({ kind: 'open' })
        await completeCall(db(), call, ANSWER)
        expect(await rowOf(call)).toMatchObject({ state: 'complete', turn_id: null })
      }
    })

    it('is unknown when nobody said for ten minutes how it ended', async () => {
      const call = speech(await createAgent(db()))
      await openCall(db(), call)
      const age = (minutes: number) =>
        sql`update model_calls set created_at = clock_timestamp() - ${minutes}::float8 * interval '1 minute'
          where id = ${call.id}`.execute(db())
      await age(9)
      await closeForgottenCalls(db())
      expect(await rowOf(call)).toMatchObject({ state: 'pending' })
      await age(11)
      await closeForgottenCalls(db())
      expect(await rowOf(call)).toMatchObject({ state: 'unknown' })
    })
  })

  it('takes a row that names no agent, as workers of an older build write them', async () => {
    const turn = await running()
    await sql`insert into model_calls (turn_id, gen, step, call, attempt, vendor, model, purpose, state)
      values (${turn.turnId}, 1, 'decide', 1, 1, 'openai', 'stub', 'TEXT_LARGE', 'pending')`.execute(
      db(),
    )
    expect(await rowsOf(turn)).toMatchObject([{ agent_id: turn.agentId, try: 1 }])
  })

  async function nextGeneration(turn: LoadedTurn): Promise<LoadedTurn> {
    const next = await takeOver(db(), headOf(turn))
    if (!next) throw new Error('The turn was not taken over.')
    return admitTurn(db(), next, 'run-2')
  }
})
