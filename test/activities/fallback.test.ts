import { describe, expect, it } from '@jest/globals'
import { callModel, type ModelCall } from '../../activities/call-model.ts'
import type { BreakerVerdict } from '../../agent/breakers.ts'
import { ModelError, type ModelErrorOptions, UnavailableError } from '../../agent/errors.ts'
import type { ModelVendor } from '../../agent/models.ts'
import { type FakePorts, fakePorts } from '../support/fake-ports.ts'
import { failureOf, runningTurn } from '../support/fake-step.ts'
import { type ReadAlong, readAlong } from '../support/read-along.ts'
import { answerXml, type ScriptedAnswer, scriptedVendor } from '../support/scripted-vendor.ts'

const DOWN: ModelErrorOptions = { code: 'model_unavailable', retryable: true }
const down = (more: Partial<ModelErrorOptions> = {}) =>
  new ModelError('It is down.', { ...DOWN, ...more })
const rejected = () =>
  new ModelError('The key is wrong.', { code: 'model_rejected', retryable: false, status: 401 })

/** Says so much, and then the line is dead. */
const dies =
  (text: string): ScriptedAnswer =>
  async (_request, { onText }) => {
    onText(text)
    throw down()
  }

interface Named {
  readonly first: ReturnType<typeof scriptedVendor>
  readonly second: ReturnType<typeof scriptedVendor>
}

async function prepare(
  first: readonly ScriptedAnswer[],
  second: readonly ScriptedAnswer[] | undefined,
  more: Partial<ModelCall> = {},
) {
  const named: Named = {
    first: scriptedVendor(...first),
    second: scriptedVendor(...(second ?? [])),
  }
  const vendor: ModelVendor = { ...named.first, name: 'first' }
  const fallbacks: ModelVendor[] = second ? [{ ...named.second, name: 'second' }] : []
  const ports = fakePorts({ vendor, fallbacks })
  const turn = await runningTurn(ports)
  const call = async (attempt = 1): Promise<ModelCall> => {
    const { turnId, gen } = turn
    const step = { turnId, gen, runId: 'run-1', attempt, token: `run-1/1/${attempt}` }
    await ports.journal.claim(step, { step: 'decide', beforeSettle: true })
    return {
      ...{ attempt: step, step: 'decide', call: 1, agent: ports.agent, subject: {} },
      ...{ purpose: 'TEXT_LARGE', params: { prompt: 'the prompt' } },
      signal: new AbortController().signal,
      deadlineAt: Date.now() + 60_000,
      ...more,
    }
  }
  const rows = () =>
    ports.rows.calls.map(({ call, state }) => [call.vendor, call.attempt?.attempt, call.try, state])
  return { ...named, ports, call, rows }
}

describe('a model call with a second vendor behind the first', () => {
  it.each([
    ['is down', down()],
    ['wants everybody to wait', down({ status: 429, retryAfterMs: 30_000 })],
    ['refuses the key', rejected()],
  ])('is answered by the second when the first %s, in the same attempt', async (_, error) => {
    const { ports, call, rows } = await prepare([error], ['the answer'])
    expect(await callModel(ports, await call())).toMatchObject({ text: 'the answer' })
    expect(rows()).toEqual([
      ['first', 1, 1, 'unknown'],
      ['second', 1, 2, 'complete'],
    ])
  })

  it('is not paid again when the second answered an earlier attempt', async () => {
    const { ports, call, first, second } = await prepare([down()], ['the answer'])
    await callModel(ports, await call(1))
    expect((await callModel(ports, await call(2))).text).toBe('the answer')
    expect([first.requests.length, second.requests.length]).toEqual([1, 1])
  })

  it('does not ask again who refused for good, in later attempts', async () => {
    const { ports, call, first, second } = await prepare([rejected()], [down(), 'the answer'])
    expect(await failureOf(callModel(ports, await call(1)))).toMatchObject({
      code: 'model_unavailable',
      retryable: true,
      retryAfterMs: 500,
    })
    expect((await callModel(ports, await call(2))).text).toBe('the answer')
    expect([first.requests.length, second.requests.length]).toEqual([1, 2])
  })

  it('waits as long as the one that can be asked soonest', async () => {
    const { ports, call } = await prepare([down({ retryAfterMs: 30_000 })], [down()])
    const failure = await failureOf(callModel(ports, await call()))
    expect(failure).toMatchObject({ retryable: true, retryAfterMs: 500 })
  })

  it('names both when both refuse', async () => {
    const { ports, call } = await prepare([rejected()], [rejected()])
    const failure = await failureOf(callModel(ports, await call()))
    expect(failure).toMatchObject({ code: 'model_rejected', retryable: false })
  })

  it('passes over a vendor whose circuit breaker is open, and writes no row for it', async () => {
    const { ports, call, first, rows } = await prepare(['never asked'], ['the answer'])
    const open: BreakerVerdict = { kind: 'open', retryAfterMs: 7_000 }
    const admit = async ({ vendor }: { vendor: { name: string } }): Promise<BreakerVerdict> =>
      vendor.name === 'first' ? open : { kind: 'closed' }
    const breakers = { ...ports.breakers, admit }
    expect((await callModel({ ...ports, breakers }, await call())).text).toBe('the answer')
    expect(first.requests).toEqual([])
    expect(rows()).toEqual([['second', 1, 2, 'complete']])
  })

  it('waits for the breaker when there is nobody else, and counts no failure', async () => {
    const { ports, call } = await prepare(['never asked'], undefined)
    const admit = async (): Promise<BreakerVerdict> => ({ kind: 'open', retryAfterMs: 7_000 })
    const breakers = { ...ports.breakers, admit }
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      const failure = await failureOf(callModel({ ...ports, breakers }, await call(attempt)))
      expect(failure).toMatchObject({ retryable: true, retryAfterMs: 7_000 })
    }
  })

  it('tells the breaker how each vendor did', async () => {
    const { ports, call } = await prepare([rejected()], [down()])
    const told: string[] = []
    const report = async ({ vendor }: { vendor: { name: string } }, outcome: string) =>
      void told.push(`${vendor.name} ${outcome}`)
    await failureOf(callModel({ ...ports, breakers: { ...ports.breakers, report } }, await call()))
    expect(told).toEqual(['first neutral', 'second failure'])
  })

  it('pauses the account of a vendor that is asked too often, and leaves its breaker alone', async () => {
    const { ports, call } = await prepare([down({ status: 429, retryAfterMs: 90_000 })], ['yes'])
    const told: string[] = []
    const report = async ({ vendor }: { vendor: { name: string } }, outcome: string) =>
      void told.push(`${vendor.name} ${outcome}`)
    const pause = ({ vendor }: { vendor: { name: string } }, ms: number) =>
      void told.push(`${vendor.name} pauses for ${ms}`)
    const breakers = { ...ports.breakers, report }
    await callModel({ ...ports, breakers, rates: { ...ports.rates, pause } }, await call())
    expect(told).toEqual(['first pauses for 60000', 'first neutral', 'second success'])
  })
})

describe('a chain', () => {
  const CLOSED: BreakerVerdict = { kind: 'closed' }

  it('that cannot be asked any more ends, also when a reply was begun', async () => {
    const reader = readAlong()
    const { ports, call } = await prepare([dies('<response><text>Once')], undefined, {
      listener: reader,
    })
    let asked = 0
    const admit = async (): Promise<BreakerVerdict> => {
      asked += 1
      return asked === 1 ? CLOSED : { kind: 'open', retryAfterMs: 7_000 }
    }
    const answer = await callModel(
      { ...ports, breakers: { ...ports.breakers, admit } },
      await call(),
    )
    expect(answer).toMatchObject({ text: '<response><text>Once', isBroken: true })
    expect(asked).toBe(2)
  })

  it.each([
    ['a budget', async () => ({ kind: 'finished', text: 'paid', finishReason: 'stop' }) as const],
    ['the ledger', async () => Promise.reject(new UnavailableError('Postgres is away.'))],
  ])('frees its probe when %s comes before the vendor', async (_, open) => {
    const { ports, call } = await prepare(['never asked'], undefined)
    const reports: unknown[] = []
    const breakers: FakePorts['breakers'] = {
      admit: async () => ({ kind: 'probe' }),
      report: async (_target, outcome, more) => void reports.push([outcome, more?.verdict?.kind]),
    }
    await callModel({ ...ports, breakers, ledger: { ...ports.ledger, open } }, await call()).catch(
      () => undefined,
    )
    expect(reports).toEqual([['neutral', 'probe']])
  })

  it('waits its own time when a vendor wishes for none', async () => {
    const { ports, call } = await prepare([down({ retryAfterMs: 0 })], undefined)
    const failure = await failureOf(callModel(ports, await call()))
    expect(failure).toMatchObject({ retryable: true, retryAfterMs: 500 })
  })

  it('has a ledger that can be written whatever a vendor says', async () => {
    const odd = new ModelError(`Bad\u0000 ${'x'.repeat(5_000)}`, { ...DOWN, retryable: false })
    const usage = { inputTokens: 1.5, outputTokens: Number.POSITIVE_INFINITY }
    const { ports, call } = await prepare(
      [odd],
      [async () => ({ text: 'a\u0000b', finishReason: 'stop', usage, cost: Number.NaN })],
    )
    await callModel(ports, await call())
    const [failed, answered] = ports.rows.calls
    expect(failed?.error).toMatch(/^Bad\uFFFD x+$/)
    expect(failed?.error?.length).toBeLessThanOrEqual(2_000)
    expect(answered).toMatchObject({ state: 'unknown', response: 'a\uFFFDb' })
  })
})

describe('a stream that dies', () => {
  const whole = answerXml('Once upon a time there was a fox.')
  const at = whole.indexOf(' there')

  const ask = async (
    first: readonly ScriptedAnswer[],
    second: readonly ScriptedAnswer[] | undefined,
    reader: ReadAlong,
  ) => {
    const bench = await prepare(first, second, { listener: reader })
    const answer = await callModel(bench.ports, await bench.call())
    return { ...bench, answer }
  }

  it('is begun anew while nobody has seen a character', async () => {
    const reader = readAlong({ sees: false })
    const { answer } = await ask([dies('<response><thou')], [whole], reader)
    expect(answer).toEqual({ text: whole, finishReason: 'stop' })
    expect([reader.text(), reader.beginnings()]).toEqual([whole, 2])
  })

  it('is continued by the next vendor once somebody has, without a character twice', async () => {
    const reader = readAlong()
    const { answer, second, rows } = await ask(
      [dies(whole.slice(0, at))],
      [whole.slice(at)],
      reader,
    )
    expect(answer).toEqual({ text: whole, finishReason: 'stop' })
    expect([reader.text(), reader.beginnings()]).toEqual([whole, 1])
    expect(second.requests[0]?.prompt).toContain(whole.slice(0, at))
    expect(rows()).toEqual([
      ['first', 1, 1, 'unknown'],
      ['second', 1, 2, 'complete'],
    ])
  })

  it('asks nobody when the answer was whole before it died', async () => {
    const { answer, second } = await ask([dies(whole)], ['never asked'], readAlong())
    expect(answer).toEqual({ text: whole, finishReason: 'stop' })
    expect(second.requests).toEqual([])
  })

  it('is continued by the same vendor when there is no other', async () => {
    const reader = readAlong()
    const { answer } = await ask([dies(whole.slice(0, at)), whole.slice(at)], undefined, reader)
    expect(answer.text).toBe(whole)
    expect(reader.text()).toBe(whole)
  })

  it('keeps what was seen, and says so, when nobody can continue it', async () => {
    const reader = readAlong()
    const { answer, first } = await ask([dies(whole.slice(0, at)), rejected()], undefined, reader)
    expect(answer).toEqual({ text: whole.slice(0, at), finishReason: 'unknown', isBroken: true })
    expect(first.requests).toHaveLength(2)
  })

  it('keeps what was seen when the continuation says something else', async () => {
    const reader = readAlong()
    const other = answerXml('A quite different story.')
    const { answer } = await ask([dies(whole.slice(0, at))], [other], reader)
    expect(answer).toMatchObject({ text: whole.slice(0, at), isBroken: true })
    expect(reader.text()).toBe(whole.slice(0, at))
  })

  it('is found out also when it ends in good order, without a reason or usage', async () => {
    const reader = readAlong()
    const cut: ScriptedAnswer = async (_request, { onText }) => {
      onText(whole.slice(0, at))
      return { text: whole.slice(0, at), finishReason: 'unknown', cost: null }
    }
    const { answer } = await ask([cut], [whole.slice(at)], reader)
    expect(answer.text).toBe(whole)
    expect(reader.text()).toBe(whole)
  })

  it('keeps what was seen when a budget lets nobody continue it', async () => {
    const reader = readAlong()
    const { ports, call } = await prepare([dies(whole.slice(0, at))], ['never asked'], {
      listener: reader,
    })
    let opened = 0
    const open: FakePorts['ledger']['open'] = async (row) => {
      opened += 1
      if (opened === 1) return ports.ledger.open(row)
      const line = { scope: 'user', scopeId: 'a', period: 'day', unit: 'tokens' } as const
      const budget = { ...line, limit: 10, amount: 20, used: 5, atLimit: 'apology' } as const
      return { kind: 'exhausted', budget }
    }
    const answer = await callModel({ ...ports, ledger: { ...ports.ledger, open } }, await call())
    expect(answer).toMatchObject({ text: whole.slice(0, at), isBroken: true })
  })

  it('is whole in the ledger when the rest of it came from another call', async () => {
    const reader = readAlong()
    const { ports, call } = await ask([dies(whole.slice(0, at))], [whole.slice(at)], reader)
    expect((await callModel(ports, await call(2))).text).toBe(whole)
  })
})
