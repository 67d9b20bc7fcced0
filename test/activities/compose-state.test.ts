import { describe, expect, it } from '@jest/globals'
import type { Provider } from '../../agent/provider.ts'
import type { TurnInput } from '../../schema/turn.ts'
import { type FakePortsOptions, fakePorts } from '../support/fake-ports.ts'
import { failureOf, fakeStep, runningTurn } from '../support/fake-step.ts'
import { scriptedVendor } from '../support/scripted-vendor.ts'

function prepare(options: Partial<FakePortsOptions> = {}) {
  const ports = fakePorts({ vendor: scriptedVendor(), ...options })
  const compose = (turn: TurnInput, attempt = 1, runId?: string) =>
    fakeStep(ports, attempt, { runId }).run((activities) => activities.composeState(turn))
  const stored = () => [...ports.rows.prompts.values()]
  return { ports, compose, stored }
}

const providing = (...providers: Provider[]) => [
  { name: 'weather', description: 'Weather.', providers },
]

describe('composing the prompt', () => {
  it('stores it once, with what each provider did', async () => {
    const rain = { name: 'RAIN', get: async () => ({ text: 'It rains.', values: { wet: true } }) }
    const broken = {
      name: 'BROKEN',
      get: async () => {
        throw new Error('No sensor.')
      },
    }
    const { ports, compose, stored } = prepare({ plugins: providing(rain, broken) })
    await compose(await runningTurn(ports, 'Is it raining?'))
    expect(stored()).toHaveLength(1)
    expect(stored()[0]?.prompt).toContain('It rains.')
    expect(stored()[0]?.prompt).toContain('Is it raining?')
    expect(stored()[0]?.state).toMatchObject({
      values: { wet: true, agentName: 'Ada' },
      providers: expect.arrayContaining([
        expect.objectContaining({ name: 'RAIN', chars: 9 }),
        expect.objectContaining({ name: 'BROKEN', error: 'No sensor.' }),
      ]),
    })
  })

  it('keeps the prompt that stands when it is run again', async () => {
    let rains = 0
    const rain = {
      name: 'RAIN',
      get: async () => {
        rains += 1
        return { text: `It rains for day ${rains}.` }
      },
    }
    const { ports, compose, stored } = prepare({ plugins: providing(rain) })
    const turn = await runningTurn(ports)
    await compose(turn)
    await compose(turn, 2)
    expect(stored()).toHaveLength(1)
    expect(stored()[0]?.prompt).toContain('It rains for day 1.')
  })

  it('leaves long values to the prompt, where they stand already', async () => {
    const essay = { name: 'ESSAY', get: async () => ({ values: { essay: 'e'.repeat(201) } }) }
    const { ports, compose, stored } = prepare({ plugins: providing(essay) })
    await compose(await runningTurn(ports))
    expect(stored()[0]?.state.values).not.toHaveProperty('essay')
  })

  it('never reads a message as a template, and stores no NUL', async () => {
    const { ports, compose, stored } = prepare()
    await compose(await runningTurn(ports, 'What is {{system}}?\u0000'))
    expect(stored()[0]?.prompt).toContain('What is {{system}}?\uFFFD')
  })

  it.each([
    ['says that it lives when it is a regular step', false, 1],
    ['does not when it is a local one, to which nobody listens', true, 0],
  ])('%s', async (_what, isLocal, heartbeats) => {
    const { ports } = prepare()
    const turn = await runningTurn(ports)
    const step = fakeStep(ports, 1, { isLocal })
    await step.run((activities) => activities.composeState(turn))
    expect(step.heartbeats()).toBe(heartbeats)
  })

  it('is refused to another run', async () => {
    const { ports, compose, stored } = prepare()
    const turn = await runningTurn(ports)
    expect(await failureOf(compose(turn, 1, 'another-run'))).toMatchObject({ type: 'fenced' })
    expect(stored()).toEqual([])
  })
})

describe('admitting a turn', () => {
  it.each([
    ['no provider is foreign', [], false],
    ['one is', providing({ name: 'RAIN', get: async () => ({}) }), true],
  ])('says whether the prompt takes its time: %s', async (_what, plugins, foreignProviders) => {
    const { ports } = prepare({ plugins })
    const turn = ports.accept('hello')
    const admit = () => fakeStep(ports).run((activities) => activities.admit(turn))
    expect(await admit()).toEqual({ kind: 'admitted', foreignProviders, rounds: 1 })
    expect(await admit()).toEqual({ kind: 'admitted', foreignProviders, rounds: 1 })
  })
})
