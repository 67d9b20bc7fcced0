import { beforeAll, expect, it } from '@jest/globals'
import type { CallAnswer, CallEnd, LedgerCall } from '../../agent/ledger.ts'
import type { LoadedTurn } from '../../agent/ports.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { claim } from '../../turns/journal.ts'
import { completeCall, endCall } from '../../turns/ledger.ts'
import { openCall, standingCall } from '../../turns/ledger-open.ts'
import { agentLine, usedOf } from '../support/budget-lines.ts'
import { describeDatabases } from '../support/databases.ts'
import { ANSWER, CUT, callOf, FAILED } from '../support/ledger-calls.ts'
import { attemptOf, createChannel, runTurn } from '../support/turn-fixtures.ts'

const MAX_INTEGER = 2_147_483_647

describeDatabases('the ledger, told what Postgres would refuse,', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  const db = () => database.db
  const lineOf = (turn: LoadedTurn, unit: 'tokens' | 'money') =>
    agentLine(turn, { unit, limit: 1e12, amount: 500 })
  /** A call with a budget of both units, 500 held of each. */
  const opened = async (given: Partial<LedgerCall> = {}) => {
    const turn = await runTurn(db(), await createChannel(db()))
    const budget = { lines: [lineOf(turn, 'tokens'), lineOf(turn, 'money')] }
    const call = { ...callOf(turn, { budget }), ...given }
    await claim(db(), attemptOf(turn), { step: 'decide', beforeSettle: true })
    expect(await openCall(db(), call)).toEqual({ kind: 'open' })
    return { turn, call }
  }
  const rowOf = ({ id }: LedgerCall) =>
    db().selectFrom('model_calls').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  const completed = async (answer: Partial<CallAnswer>) => {
    const { turn, call } = await opened()
    await completeCall(db(), call, { ...ANSWER, ...answer })
    return { turn, row: await rowOf(call), used: await usedOf(db(), turn.agentId) }
  }
  const ended = async (end: Partial<CallEnd>, of = FAILED) => {
    const { turn, call } = await opened()
    await endCall(db(), call, { ...of, ...end })
    return { row: await rowOf(call), used: await usedOf(db(), turn.agentId) }
  }

  it('keeps an answer with NUL and halves of characters, for the next attempt too', async () => {
    const { turn, row } = await completed({ text: 'a\u0000b\ud800c😀' })
    expect(row).toMatchObject({ state: 'complete', response: 'a\ufffdb\ufffdc😀' })
    const question = { attempt: attemptOf(turn, 2), step: 'decide', call: 1 }
    const { paid } = await standingCall(db(), { ...question, purpose: 'TEXT_LARGE' })
    expect(paid?.text).toBe('a\ufffdb\ufffdc😀')
  })

  it.each([
    [3e9, MAX_INTEGER],
    [1.5, 2],
    [-3, 0],
  ])('counts %p tokens as %p, in its row and in budgets', async (tokens, counted) => {
    const usage = { inputTokens: tokens, outputTokens: 7, cachedTokens: tokens }
    const { row, used } = await completed({ usage: { ...usage, cacheWriteTokens: tokens } })
    expect(row).toMatchObject({ state: 'complete', input_tokens: counted, output_tokens: 7 })
    expect(row).toMatchObject({ cached_tokens: counted, cache_write_tokens: counted })
    expect(used).toMatchObject({ 'agent day tokens': counted + 7 })
  })

  it.each([Number.NaN, Infinity, -Infinity])('takes %p tokens for no usage at all', async (n) => {
    const { row, used } = await completed({ usage: { inputTokens: 9, outputTokens: n } })
    expect(row).toMatchObject({ state: 'unknown', input_tokens: 80, output_tokens: 4 })
    expect(row.response).toBe('Good morning.')
    expect(used).toMatchObject({ 'agent day tokens': 500 })
    const cached = await completed({ usage: { inputTokens: 9, outputTokens: 2, cachedTokens: n } })
    expect(cached.row).toMatchObject({ state: 'complete', input_tokens: 9, cached_tokens: null })
    expect(cached.used).toMatchObject({ 'agent day tokens': 11 })
  })

  it.each([Number.NaN, Infinity, -0.5])('takes a cost of %p for an unknown one', async (cost) => {
    const { row, used } = await completed({ cost })
    expect(row).toMatchObject({ state: 'complete', cost: null })
    expect(used).toMatchObject({ 'agent day money': 500, 'agent day tokens': 107 })
    const cut = await ended({ cost }, CUT)
    expect(cut.row).toMatchObject({ state: 'cut', cost: null })
    expect(cut.used).toMatchObject({ 'agent day money': 500, 'agent day tokens': 82 })
  })

  it.each([
    [1.5, 2],
    [3e9, MAX_INTEGER],
    [-1, 0],
    [Number.NaN, null],
  ])('notes %p ms as %p', async (ms, noted) => {
    const times = { firstTokenMs: ms, latencyMs: ms }
    const expected = { first_token_ms: noted, latency_ms: noted }
    expect((await completed(times)).row).toMatchObject({ state: 'complete', ...expected })
    expect((await ended(times)).row).toMatchObject({ state: 'unknown', ...expected })
  })

  it('estimates in whole numbers, before and after the call', async () => {
    for (const [tokens, counted] of [
      [1.5, 2],
      [3e9, MAX_INTEGER],
      [Number.NaN, 0],
    ] as const) {
      const { call } = await opened({ inputTokens: tokens })
      expect(await rowOf(call)).toMatchObject({ state: 'pending', input_tokens: counted })
      const { row } = await ended({ estimatedOutputTokens: tokens }, CUT)
      expect(row).toMatchObject({ state: 'cut', output_tokens: counted })
      await endCall(db(), call, CUT)
      expect((await rowOf(call)).state).toBe('cut')
    }
  })

  it('keeps 2,000 characters of an error, all of which can be stored', async () => {
    const { row } = await ended({
      error: `\u0000\ud800${'x'.repeat(1_997)}😀`,
      errorCode: 'a\u0000',
    })
    expect(row.error).toBe(`\ufffd\ufffd${'x'.repeat(1_997)}\ufffd`)
    expect(row.error_code).toBe('a\ufffd')
  })
})
