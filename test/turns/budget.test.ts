import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { BudgetLine } from '../../agent/budgets.ts'
import { FencedError } from '../../agent/errors.ts'
import type { CallAnswer, CallEnd, LedgerCall } from '../../agent/ledger.ts'
import type { LoadedTurn } from '../../agent/ports.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { claim } from '../../turns/journal.ts'
import { completeCall, endCall } from '../../turns/ledger.ts'
import { openCall } from '../../turns/ledger-open.ts'
import { settle } from '../../turns/settle.ts'
import { takeOver } from '../../turns/sweep.ts'
import { agentLine, usedOf } from '../support/budget-lines.ts'
import { describeDatabases } from '../support/databases.ts'
import { ANSWER, type CallOptions, CUT, callOf, FAILED, REFUSED } from '../support/ledger-calls.ts'
import {
  admitTurn,
  contents,
  createAgent,
  createChannel,
  headOf,
  runTurn,
  settlementOf,
} from '../support/turn-fixtures.ts'

const { usage: _usage, ...UNMETERED } = ANSWER
const DEAR: CallAnswer = { ...ANSWER, cost: 7, usage: { inputTokens: 3_000, outputTokens: 7 } }
const UNPRICED: CallAnswer = { ...ANSWER, cost: null }

describeDatabases('a budget', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  const db = () => database.db
  const running = async () => runTurn(db(), await createChannel(db()))
  const used = (agentId: string) => usedOf(db(), agentId)
  const rowsOf = ({ turnId }: LoadedTurn) =>
    db().selectFrom('model_calls').selectAll().where('turn_id', '=', turnId).execute()
  /** A call that may use 1,000 tokens and 5 dollars, of 2,500 tokens and 20 dollars a day. */
  const callIn = (turn: LoadedTurn, options: CallOptions = {}, more: readonly BudgetLine[] = []) =>
    callOf(turn, {
      budget: {
        lines: [
          agentLine(turn, { unit: 'tokens', limit: 2_500, amount: 1_000 }),
          agentLine(turn, { unit: 'money', limit: 20, amount: 5 }),
          ...more,
        ],
      },
      ...options,
    })
  const opened = async (call: LedgerCall) => {
    if (call.attempt) await claim(db(), call.attempt, { step: call.step, beforeSettle: true })
    return openCall(db(), call)
  }
  const nextGeneration = async (turn: LoadedTurn) => {
    const next = await takeOver(db(), headOf(turn))
    if (!next) throw new Error('The turn was not taken over.')
    return admitTurn(db(), next, 'run-2')
  }

  describe('before a call', () => {
    it('is charged with all that the call may use', async () => {
      const turn = await running()
      expect(await opened(callIn(turn))).toEqual({ kind: 'open' })
      expect(await used(turn.agentId)).toEqual({ 'agent day money': 5, 'agent day tokens': 1_000 })
    })

    it('stands in the way of one that does not fit, and says how it stands', async () => {
      const turn = await running()
      await opened(callIn(turn, { call: 1 }))
      await opened(callIn(turn, { call: 2 }))
      const before = await contents(db())
      expect(await openCall(db(), callIn(turn, { call: 3 }))).toEqual({
        kind: 'exhausted',
        budget: {
          ...{ scope: 'agent', scopeId: turn.agentId, period: 'day', unit: 'tokens' },
          ...{ limit: 2_500, used: 2_000, amount: 1_000, atLimit: 'apology' },
        },
      })
      expect(await contents(db())).toEqual(before)
    })

    it('is filled to the last cent by what fits exactly', async () => {
      const turn = await running()
      const cents = { unit: 'money', limit: 0.3, amount: 0.1 } as const
      for (const call of [1, 2, 3]) {
        const budget = { lines: [agentLine(turn, cents)] }
        expect(await opened(callOf(turn, { call, budget }))).toEqual({ kind: 'open' })
      }
      const fourth = callOf(turn, { call: 4, budget: { lines: [agentLine(turn, cents)] } })
      expect(await opened(fourth)).toMatchObject({ kind: 'exhausted' })
    })

    it('is charged on all of its counts or on none', async () => {
      const turn = await running()
      const small = agentLine(turn, { scope: 'user', unit: 'tokens', limit: 1_500, amount: 1_000 })
      await opened(callIn(turn, { call: 1 }, [small]))
      const before = await used(turn.agentId)
      expect(await opened(callIn(turn, { call: 2 }, [small]))).toMatchObject({
        kind: 'exhausted',
        budget: { scope: 'user', used: 1_000 },
      })
      expect(await used(turn.agentId)).toEqual(before)
    })

    it('that wants most is named when several are exhausted', async () => {
      const turn = await running()
      const lines = (['smaller', 'stop', 'apology'] as const).map((atLimit, ordinal) =>
        agentLine(turn, {
          ...{ scope: (['agent', 'user', 'room'] as const)[ordinal], unit: 'tokens' },
          ...{ limit: 1, amount: 2, atLimit },
        }),
      )
      expect(await opened(callOf(turn, { budget: { lines } }))).toMatchObject({
        budget: { atLimit: 'stop', scope: 'user' },
      })
    })

    it('counts each agent’s people apart', async () => {
      const [turn, other] = [await running(), await running()]
      const person = randomUUID()
      const call = (of: LoadedTurn) =>
        callOf(of, {
          budget: {
            lines: [
              {
                ...agentLine(of, { scope: 'user', unit: 'tokens', limit: 5, amount: 3 }),
                scopeId: person,
              },
            ],
          },
        })
      await opened(call(turn))
      expect(await opened(call(other))).toEqual({ kind: 'open' })
    })

    it('counts calls outside of any turn', async () => {
      const agentId = await createAgent(db())
      const speech = (): LedgerCall => ({
        ...callOf({ turnId: randomUUID(), gen: 1, agentId }),
        ...{ id: randomUUID(), attempt: null, step: 'speech' },
        budget: { lines: [agentLine({ agentId }, { unit: 'tokens', limit: 5, amount: 3 })] },
      })
      const first = speech()
      expect(await openCall(db(), first)).toEqual({ kind: 'open' })
      expect(await openCall(db(), speech())).toMatchObject({ kind: 'exhausted' })
      await endCall(db(), first, REFUSED)
      expect(await openCall(db(), speech())).toEqual({ kind: 'open' })
    })
  })

  describe('is charged nothing', () => {
    it('for an answer that was paid, in a later attempt or generation', async () => {
      const turn = await running()
      await opened(callIn(turn))
      await completeCall(db(), callIn(turn), ANSWER)
      const before = await used(turn.agentId)
      expect(await opened(callIn(turn, { attempt: 2 }))).toMatchObject({ kind: 'finished' })
      const next = await nextGeneration(turn)
      expect(await opened(callIn(next, { runId: 'run-2' }))).toMatchObject({ kind: 'finished' })
      expect(await used(turn.agentId)).toEqual(before)
      expect(await rowsOf(turn)).toHaveLength(1)
    })

    it('by an attempt that lost its step', async () => {
      const turn = await running()
      await opened(callIn(turn, { attempt: 2 }))
      const before = await contents(db())
      await expect(openCall(db(), callIn(turn, { attempt: 1 }))).rejects.toThrow(FencedError)
      expect(await contents(db())).toEqual(before)
    })

    it('for a call whose row is there already', async () => {
      const turn = await running()
      await opened(callIn(turn))
      const before = await contents(db())
      await expect(openCall(db(), callIn(turn))).rejects.toThrow(FencedError)
      const sameKey = { ...callIn(turn), id: randomUUID() }
      await expect(openCall(db(), sameKey)).rejects.toThrow(FencedError)
      expect(await contents(db())).toEqual(before)
    })
  })

  describe('after a call', () => {
    const counted = async (end: (call: LedgerCall) => Promise<void>) => {
      const turn = await running()
      await opened(callIn(turn))
      await end(callIn(turn))
      return used(turn.agentId)
    }

    it.each<[string, CallAnswer | CallEnd, [dollars: number, tokens: number]]>([
      ['what the vendor billed', ANSWER, [0.25, 107]],
      ['more than was thought, when it was more', DEAR, [7, 3_007]],
      ['the tokens, and all that is held in money, without a price', UNPRICED, [5, 107]],
      ['all that is held, without the vendor’s count', UNMETERED, [5, 1_000]],
      ['an estimate of a call that we cut', CUT, [0.01, 82]],
      ['all that is held, when the vendor fell silent', FAILED, [5, 1_000]],
      ['nothing, when the vendor answered with an error', REFUSED, [0, 0]],
    ])('counts %s', async (_, outcome, [dollars, tokens]) => {
      const end = (call: LedgerCall) =>
        'wasRefused' in outcome ? endCall(db(), call, outcome) : completeCall(db(), call, outcome)
      expect(await counted(end)).toEqual({ 'agent day money': dollars, 'agent day tokens': tokens })
    })

    it.each(['IMAGE', 'TEXT_TO_SPEECH'] as const)(
      'counts all that is held of a call that we cut, and that nobody can estimate: %s',
      async (purpose) => {
        const turn = await running()
        const call = { ...callIn(turn), purpose }
        await opened(call)
        await endCall(db(), call, { ...CUT, cost: null })
        const all = { 'agent day money': 5, 'agent day tokens': 1_000 }
        expect(await used(turn.agentId)).toEqual(all)
        await endCall(db(), call, REFUSED)
        expect(await used(turn.agentId)).toEqual(all)
      },
    )

    it('changes no more when that is said again', async () => {
      const turn = await running()
      const call = callIn(turn)
      await opened(call)
      await completeCall(db(), call, ANSWER)
      const before = await used(turn.agentId)
      await completeCall(db(), call, ANSWER)
      await endCall(db(), call, CUT)
      await endCall(db(), call, REFUSED)
      expect(await used(turn.agentId)).toEqual(before)
    })

    it('has room again for what was not used', async () => {
      const turn = await running()
      for (const call of [1, 2, 3, 4, 5]) {
        expect(await opened(callIn(turn, { call }))).toEqual({ kind: 'open' })
        await completeCall(db(), callIn(turn, { call }), ANSWER)
      }
      expect(await used(turn.agentId)).toEqual({ 'agent day money': 1.25, 'agent day tokens': 535 })
    })
  })

  describe('a call that its worker did not live to end', () => {
    it('goes on being held in full, until its answer comes after all', async () => {
      const turn = await running()
      await opened(callIn(turn, { attempt: 1 }))
      await opened(callIn(turn, { attempt: 2 }))
      expect(await used(turn.agentId)).toEqual({ 'agent day money': 10, 'agent day tokens': 2_000 })
      await completeCall(db(), callIn(turn, { attempt: 2 }), ANSWER)
      await settle(db(), settlementOf(headOf(turn)))
      expect(await used(turn.agentId)).toEqual({
        ...{ 'agent day money': 5.25, 'agent day tokens': 1_107 },
      })
      await completeCall(db(), callIn(turn, { attempt: 1 }), ANSWER)
      expect(await used(turn.agentId)).toEqual({ 'agent day money': 0.5, 'agent day tokens': 214 })
    })
  })

  describe('of a new day or month', () => {
    /** As if what was reserved so far had been reserved in the period before. */
    const pass = (period: 'day' | 'month') =>
      sql`
      with moved as (
        update budget_usage set starts = starts - ('1 ' || period)::interval where period = ${period}
      )
      update model_calls set charges = (
        select jsonb_agg(case when c ->> 'period' = ${period} then c || jsonb_build_object('starts',
          ((c ->> 'starts')::date - ('1 ' || (c ->> 'period'))::interval)::date) else c end)
        from jsonb_array_elements(charges) c)
      where charges is not null`.execute(db())
    const lines = (turn: LoadedTurn) => [
      agentLine(turn, { unit: 'tokens', limit: 5, amount: 3 }),
      agentLine(turn, { unit: 'tokens', period: 'month', limit: 8, amount: 3 }),
    ]
    const ask = (turn: LoadedTurn, call: number) =>
      opened(callOf(turn, { call, budget: { lines: lines(turn) } }))

    it('begins with nothing', async () => {
      const turn = await running()
      await ask(turn, 1)
      expect(await ask(turn, 2)).toMatchObject({ budget: { period: 'day' } })
      await pass('day')
      expect(await ask(turn, 2)).toEqual({ kind: 'open' })
      await pass('day')
      expect(await ask(turn, 3)).toMatchObject({ budget: { period: 'month', used: 6 } })
      await pass('month')
      expect(await ask(turn, 3)).toEqual({ kind: 'open' })
    })

    it('does not see what comes late for the one before, which is counted there', async () => {
      const turn = await running()
      const budget = { lines: [agentLine(turn, { unit: 'tokens', limit: 5_000, amount: 1_000 })] }
      const [late, young] = [callOf(turn, { budget }), callOf(turn, { budget, call: 2 })]
      await opened(late)
      await pass('day')
      await opened(young)
      await completeCall(db(), late, ANSWER)
      const { rows } = await sql`select used::float8 from budget_usage
        where agent_id = ${turn.agentId} order by starts`.execute(db())
      expect(rows).toEqual([{ used: 107 }, { used: 1_000 }])
    })
  })
})
