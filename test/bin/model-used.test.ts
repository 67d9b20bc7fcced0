import { describe, expect, it } from '@jest/globals'
import type { CallAnswer, Ledger, LedgerCall } from '../../agent/ledger.ts'
import { tellingOfModels } from '../../bin/model-used.ts'
import { eventually } from '../support/eventually.ts'
import { fakePorts } from '../support/fake-ports.ts'
import { runningTurn } from '../support/fake-step.ts'
import { scriptedVendor } from '../support/scripted-vendor.ts'

const ANSWER: CallAnswer = {
  text: 'the words of the answer',
  finishReason: 'stop',
  usage: { inputTokens: 12, outputTokens: 3 },
  estimatedOutputTokens: 5,
  cost: 0.01,
  firstTokenMs: 1,
  latencyMs: 2,
}

async function prepare({ hears = true, fails = false } = {}) {
  const ports = fakePorts({ vendor: scriptedVendor() })
  const turn = await runningTurn(ports)
  const completed: string[] = []
  const told: { name: string; payload: unknown }[] = []
  const outside: { name: string; payload: Record<string, unknown> }[] = []
  const emitEvent = async (name: string, payload: Record<string, unknown>) =>
    void outside.push({ name, payload })
  const house = {
    host: {
      events: () => (hears ? { has: (name: string) => name === 'MODEL_USED' } : undefined),
      opened: () => ({ runtime: { emitEvent } }),
    },
    turnEvents: {
      emit: (_turn: unknown, name: string, payload: unknown) => {
        if (fails) throw new Error('nobody is there')
        told.push({ name, payload })
      },
    },
  } as unknown as Parameters<typeof tellingOfModels>[1]['house'] // what is asked of it, and no more
  const ledger: Ledger = {
    ...ports.ledger,
    complete: async ({ id }) => void completed.push(id),
  }
  const call: LedgerCall = {
    ...{ id: 'call-1', agentId: ports.agent.id, step: 'decide', call: 1, try: 1 },
    ...{ vendor: 'openai', model: 'gpt-x', purpose: 'TEXT_LARGE', inputTokens: 10 },
    attempt: { ...turn, runId: 'run', attempt: 1, token: 'token' },
  }
  const telling = tellingOfModels(ledger, { house, turns: ports.turns, log: ports.log })
  return { telling, call, completed, told, outside, warnings: ports.warnings }
}

describe('MODEL_USED', () => {
  it('tells of a call of a turn what it was and what it took, and none of its words', async () => {
    const { telling, call, told } = await prepare()
    await telling.complete(call, ANSWER)
    await eventually(() => told.length === 1)
    expect(told[0]).toEqual({
      name: 'MODEL_USED',
      payload: {
        ...{ callId: 'call-1', provider: 'openai', model: 'gpt-x', type: 'TEXT_LARGE', cost: 0.01 },
        tokens: { prompt: 12, completion: 3, total: 15 },
      },
    })
    expect(JSON.stringify(told)).not.toContain('words')
  })

  it('tells of a call outside of turns as well', async () => {
    const { telling, call, outside } = await prepare()
    const { usage: _, ...uncounted } = ANSWER
    await telling.complete({ ...call, attempt: null }, uncounted)
    await eventually(() => outside.length === 1)
    expect(outside[0]?.payload.tokens).toEqual({ prompt: 10, completion: 5, total: 15 })
  })

  it('is told to nobody where nobody listens', async () => {
    const { telling, call, completed, told, outside } = await prepare({ hears: false })
    await telling.complete(call, ANSWER)
    expect({ completed, told, outside }).toEqual({ completed: ['call-1'], told: [], outside: [] })
  })

  it('fails no call', async () => {
    const { telling, call, completed, warnings } = await prepare({ fails: true })
    await telling.complete(call, ANSWER)
    await eventually(() => warnings.length === 1)
    expect(completed).toEqual(['call-1'])
  })
})
