import { describe, expect, it } from '@jest/globals'
import { callModel, type ModelCall } from '../../activities/call-model.ts'
import { ModelError, type ModelErrorOptions, UnavailableError } from '../../agent/errors.ts'
import { type FakePorts, fakePorts } from '../support/fake-ports.ts'
import { failureOf, runningTurn } from '../support/fake-step.ts'
import { readAlong } from '../support/read-along.ts'
import { hangingCall, type ScriptedAnswer, scriptedVendor } from '../support/scripted-vendor.ts'

const refusal = (more: Partial<ModelErrorOptions> = {}) =>
  new ModelError('The vendor is down.', { code: 'model_unavailable', retryable: true, ...more })

/** Claims the step `decide` for an attempt and gives the call of it. */
async function prepare(answers: readonly ScriptedAnswer[], deadlineAt = Date.now() + 60_000) {
  const vendor = scriptedVendor(...answers)
  const ports = fakePorts({ vendor })
  const turn = await runningTurn(ports)
  const abort = new AbortController()
  const call = async (attempt = 1, more: Partial<ModelCall> = {}): Promise<ModelCall> => {
    const { turnId, gen } = turn
    const token = `run-1/1/${attempt}`
    const step = { turnId, gen, runId: 'run-1', attempt, token }
    await ports.journal.claim(step, { step: 'decide', beforeSettle: true })
    return {
      attempt: step,
      step: 'decide',
      call: 1,
      agent: ports.agent,
      subject: {},
      purpose: 'TEXT_LARGE',
      params: { prompt: 'p'.repeat(40), system: 's'.repeat(4) },
      signal: abort.signal,
      deadlineAt,
      ...more,
    }
  }
  return { ports, vendor, call, abort }
}

/** What the attempts of one step fail with, one after the other. */
async function failures(
  ports: FakePorts,
  call: (attempt: number) => Promise<ModelCall>,
  count: number,
) {
  const all: unknown[] = []
  for (let attempt = 1; attempt <= count; attempt += 1) {
    all.push(await failureOf(callModel(ports, await call(attempt))))
  }
  return all
}

describe('a model call', () => {
  it('is not bought again because Postgres was away when the answer came', async () => {
    const { ports, call } = await prepare(['the answer'])
    let tries = 0
    const ledger: FakePorts['ledger'] = {
      ...ports.ledger,
      complete: async (...given) => {
        tries += 1
        if (tries === 1) throw new UnavailableError('Postgres cannot be reached.')
        await ports.ledger.complete(...given)
      },
    }
    const answer = await callModel({ ...ports, ledger }, await call())
    expect(answer.text).toBe('the answer')
    expect(tries).toBe(2)
    expect(ports.rows.calls).toMatchObject([{ state: 'complete' }])
  })

  it('has its row before the vendor is asked, and the answer in it afterwards', async () => {
    const states: string[] = []
    const { ports, call } = await prepare([
      async () => {
        states.push(...ports.rows.calls.map(({ state }) => state))
        return 'the answer'
      },
    ])
    const answer = await callModel(ports, await call())
    expect(states).toEqual(['pending'])
    expect(answer).toEqual({ text: 'the answer', finishReason: 'stop' })
    expect(ports.rows.calls).toMatchObject([
      { state: 'complete', response: 'the answer', call: { vendor: 'scripted', inputTokens: 11 } },
    ])
  })

  it('is not paid again when an earlier attempt was answered', async () => {
    const { ports, vendor, call } = await prepare(['the answer'])
    await callModel(ports, await call(1))
    const reader = readAlong()
    const again = await call(2, { listener: reader })
    expect((await callModel(ports, again)).text).toBe('the answer')
    expect(reader.text()).toBe('the answer')
    expect(vendor.requests).toHaveLength(1)
  })

  it('is tried again after half a second, then one and a half, then four, and not a fifth time', async () => {
    const { ports, call } = await prepare([refusal()])
    expect(await failures(ports, call, 4)).toMatchObject([
      { retryable: true, retryAfterMs: 500, code: 'model_unavailable' },
      { retryable: true, retryAfterMs: 1_500 },
      { retryable: true, retryAfterMs: 4_000 },
      { retryable: false },
    ])
    expect(ports.rows.calls.map(({ state, error }) => [state, error])).toEqual(
      Array(4).fill(['unknown', 'The vendor is down.']),
    )
  })

  it('is tried again when the vendor wishes it', async () => {
    const { ports, call } = await prepare([refusal({ retryAfterMs: 9_000, status: 429 })])
    const [failure] = await failures(ports, call, 1)
    expect(failure).toMatchObject({ retryable: true, retryAfterMs: 9_000, status: 429 })
  })

  it('is given up when the vendor wishes to be asked after the deadline', async () => {
    const { ports, call } = await prepare([refusal({ retryAfterMs: 61_000 })])
    const [failure] = await failures(ports, call, 1)
    expect(failure).toMatchObject({ retryable: false, code: 'model_unavailable' })
  })

  it('is given up at once when the vendor refuses for good', async () => {
    const { ports, call } = await prepare([refusal({ retryable: false, code: 'model_rejected' })])
    const [failure] = await failures(ports, call, 1)
    expect(failure).toMatchObject({ retryable: false, code: 'model_rejected' })
  })

  it('is marked as cut when it is aborted, with the text that had come', async () => {
    const hanging = hangingCall()
    const { ports, call, abort } = await prepare([
      (_request, { signal, onText }) => {
        onText('Once upon')
        return hanging.hang(signal)
      },
    ])
    const failed = failureOf(callModel(ports, await call()))
    await hanging.began
    abort.abort(new Error('The turn was cancelled.'))
    expect(await failed).toMatchObject({ message: 'The turn was cancelled.' })
    expect(ports.rows.calls).toMatchObject([
      { state: 'cut', estimatedOutputTokens: 3, error: null },
    ])
  })

  it('is unknown when it came back without usage', async () => {
    const { ports, call } = await prepare([
      async () => ({ text: 'Hello.', finishReason: 'stop', cost: null }),
    ])
    await callModel(ports, await call())
    expect(ports.rows.calls).toMatchObject([{ state: 'unknown', response: 'Hello.' }])
  })

  it('reaches no vendor when a later attempt holds the step', async () => {
    const { ports, vendor, call } = await prepare(['the answer'])
    const first = await call(1)
    await call(2)
    await expect(callModel(ports, first)).rejects.toThrow("Another attempt holds the step 'decide'")
    expect(vendor.requests).toEqual([])
  })
})
