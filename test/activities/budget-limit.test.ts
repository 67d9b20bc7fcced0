import { describe, expect, it } from '@jest/globals'
import { callModel, type ModelCall } from '../../activities/call-model.ts'
import { ModelError } from '../../agent/errors.ts'
import type { LedgerCall, OpenedCall } from '../../agent/ledger.ts'
import type { ModelRouter } from '../../agent/models.ts'
import type { Budget } from '../../schema/budget.ts'
import { type FakePorts, fakePorts } from '../support/fake-ports.ts'
import { failureOf, runningTurn } from '../support/fake-step.ts'
import { CARD, resolved } from '../support/resolved-model.ts'
import { scriptedVendor } from '../support/scripted-vendor.ts'

const PRICED = { ...CARD, price: { input: 1, output: 10 } }
const DAILY: Budget = { per: 'user', period: 'day', money: 0.5 }

/** One vendor with a large and a small model; the large one no longer fits a budget. */
async function prepare(
  budget: Partial<Budget> = {},
  fits: (call: LedgerCall) => boolean = () => true,
) {
  const vendor = scriptedVendor('the answer')
  const fake = fakePorts({ vendor, settings: { budgets: [{ ...DAILY, ...budget }] } })
  const models: ModelRouter = {
    ...fake.models,
    chain: async (purpose) => [
      resolved(vendor, { model: purpose === 'TEXT_SMALL' ? 'small' : 'large', card: PRICED }),
    ],
  }
  const opened: LedgerCall[] = []
  const open = async (call: LedgerCall): Promise<OpenedCall> => {
    opened.push(call)
    const [line] = call.budget?.lines ?? []
    if (fits(call) || !line) return fake.ledger.open(call)
    return { kind: 'exhausted', budget: { ...line, used: 0.49 } }
  }
  const ports: FakePorts = { ...fake, models, ledger: { ...fake.ledger, open } }
  const { turnId, gen } = await runningTurn(ports)
  const attempt = { turnId, gen, runId: 'run-1', attempt: 1, token: 'run-1/1/1' }
  await ports.journal.claim(attempt, { step: 'decide', beforeSettle: true })
  const call: ModelCall = {
    ...{ attempt, step: 'decide', call: 1, agent: ports.agent, purpose: 'TEXT_LARGE' },
    subject: { userId: 'a person' },
    params: { prompt: 'p'.repeat(4_000) },
    signal: new AbortController().signal,
    deadlineAt: Date.now() + 60_000,
  }
  return { ports, vendor, call, opened }
}

describe('a call under a budget', () => {
  it('reserves the most that it may cost, and tells the vendor to keep to that', async () => {
    const { ports, vendor, call, opened } = await prepare()
    await callModel(ports, { ...call, params: { ...call.params, maxTokens: 1_000 } })
    const [line] = opened[0]?.budget?.lines ?? []
    expect(line).toMatchObject({ scope: 'user', scopeId: 'a person', period: 'day', unit: 'money' })
    // 1,000 tokens of prompt and what the wire adds at $1, 1,000 of answer at $10 a million.
    expect(line?.amount).toBeCloseTo(0.01105, 6)
    expect(vendor.requests[0]?.maxTokens).toBe(1_000)
  })

  it('has a cap also where nothing sets one', async () => {
    const { ports, vendor, call } = await prepare()
    await callModel(ports, call)
    expect(vendor.requests[0]?.maxTokens).toBe(4_096)
  })

  it.each([
    ['apology', 'budget_exhausted'],
    ['stop', 'budget_stop'],
  ] as const)('that does not fit asks nobody and ends the step: %s', async (atLimit, code) => {
    const { ports, vendor, call } = await prepare({ atLimit }, () => false)
    const failure = await failureOf(callModel(ports, call))
    expect(failure).toMatchObject({ code, retryable: false })
    expect(String(failure)).toMatch(/budget of \$0\.5 per user and day .* \$0\.49 are used/)
    expect(vendor.requests).toEqual([])
  })

  it('goes to the smaller model when the budget says so and that fits', async () => {
    const { ports, vendor, call } = await prepare(
      { atLimit: 'smaller' },
      ({ model }) => model === 'small',
    )
    expect((await callModel(ports, call)).text).toBe('the answer')
    expect(vendor.requests.map(({ model }) => model)).toEqual(['small'])
  })

  it('ends the step when the smaller model does not fit either', async () => {
    const { ports, call } = await prepare({ atLimit: 'smaller' }, () => false)
    expect(await failureOf(callModel(ports, call))).toMatchObject({ code: 'budget_exhausted' })
  })

  it('gives up on a smaller model that refuses for good', async () => {
    const bench = await prepare({ atLimit: 'smaller' }, ({ model }) => model === 'small')
    const refusing = {
      ...bench.vendor,
      generate: async () => {
        throw new ModelError('No.', { code: 'model_rejected', retryable: false })
      },
    }
    const models: ModelRouter = {
      ...bench.ports.models,
      chain: async (purpose) => [
        resolved(refusing, { model: purpose === 'TEXT_SMALL' ? 'small' : 'large', card: PRICED }),
      ],
    }
    const failure = await failureOf(callModel({ ...bench.ports, models }, bench.call))
    expect(failure).toMatchObject({ code: 'model_rejected', retryable: false })
  })

  it('in money is refused for a model whose price nobody knows, with what to do', async () => {
    const { ports, vendor, call } = await prepare()
    const models = { ...ports.models, chain: async () => [resolved(vendor)] }
    const failure = await failureOf(callModel({ ...ports, models }, call))
    expect(failure).toMatchObject({ code: 'model_not_configured', retryable: false })
    expect(String(failure)).toContain('TURNKEEPER_MODEL_PRICES')
    expect(vendor.requests).toEqual([])
  })
})
