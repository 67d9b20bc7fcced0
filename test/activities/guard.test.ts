import { describe, expect, it } from '@jest/globals'
import { CancelledFailure } from '@temporalio/common'
import { ModelError } from '../../agent/errors.ts'
import { fakePorts } from '../support/fake-ports.ts'
import { composedTurn, failureOf, fakeStep, runningTurn } from '../support/fake-step.ts'
import { hangingCall, scriptedVendor } from '../support/scripted-vendor.ts'

const WORDS = 'Incorrect API key provided: sk-123.'
const refusal = new ModelError(WORDS, { code: 'model_rejected', retryable: false })

describe('an activity that fails', () => {
  it('lets the code out, and keeps the words in the journal and in the log', async () => {
    const ports = fakePorts({ vendor: scriptedVendor(refusal) })
    const turn = await composedTurn(ports)
    const failure = await failureOf(fakeStep(ports).run((a) => a.decide(turn)))
    expect(failure).toMatchObject({ type: 'model_rejected', message: 'model_rejected', stack: '' })
    expect(ports.step(turn, 'decide')).toMatchObject({ state: 'pending', error: WORDS })
    expect(ports.warnings).toEqual([
      { message: "The step 'decide' failed at attempt 1.", error: WORDS },
    ])
  })

  it('gives a local step that failed a row in the journal, for the trace', async () => {
    const templates = { messageHandlerTemplate: '{{#if agentName}}' }
    const ports = fakePorts({ vendor: scriptedVendor(), templates })
    const turn = await runningTurn(ports)
    await failureOf(fakeStep(ports).run((a) => a.composeState(turn)))
    expect(ports.step(turn, 'composeState')?.error).toMatch(
      /'messageHandlerTemplate' cannot be used/,
    )
  })

  it('lets the code out although the journal cannot be written either', async () => {
    const ports = fakePorts({ vendor: scriptedVendor(refusal) })
    const turn = await composedTurn(ports)
    const noteFailure = async () => {
      throw new Error('Postgres is away.')
    }
    const broken = { ...ports, journal: { ...ports.journal, noteFailure } }
    const failure = await failureOf(fakeStep(broken).run((a) => a.decide(turn)))
    expect(failure).toMatchObject({ type: 'model_rejected' })
    expect(ports.warnings.map(({ error }) => error)).toEqual([WORDS, 'Postgres is away.'])
  })

  it('names the step by its ordinal or its evaluator', async () => {
    const evaluators = ['LOOK', 'HEAR'].map((name) => ({
      name,
      description: name,
      handler: async () => {
        throw new Error(`${name} failed.`)
      },
    }))
    const plugins = [{ name: 'observers', description: 'Observers.', evaluators }]
    const ports = fakePorts({ vendor: scriptedVendor(), plugins })
    const turn = await runningTurn(ports)
    for (const { name } of evaluators) {
      await failureOf(fakeStep(ports).run((a) => a.evaluate(turn, name)))
    }
    expect(ports.step(turn, 'evaluate:LOOK')?.error).toBe('LOOK failed.')
    expect(ports.step(turn, 'evaluate:HEAR')?.error).toBe('HEAR failed.')
  })
})

describe('an activity that is cancelled', () => {
  it.each([
    ['passes it on', (error: unknown) => error],
    ['makes an error of its own of it', () => new Error('The lamp did not answer.')],
    ['makes a refusal of it', () => refusal],
  ])('ends as cancelled when the code it interrupts %s', async (_what, translate) => {
    const call = hangingCall()
    const vendor = scriptedVendor((_request, { signal }) =>
      call.hang(signal).catch((error: unknown) => {
        throw translate(error)
      }),
    )
    const ports = fakePorts({ vendor })
    const turn = await composedTurn(ports)
    const step = fakeStep(ports)
    const failed = failureOf(step.run((a) => a.decide(turn)))
    await call.began
    step.cancel()
    expect(await failed).toBeInstanceOf(CancelledFailure)
    expect(ports.rows.calls).toMatchObject([{ state: 'cut' }])
    expect(ports.step(turn, 'decide')?.error).toBeUndefined()
    expect(ports.warnings).toEqual([])
  })
})
