import { describe, expect, it } from '@jest/globals'
import type { ModelCard } from '../../agent/models.ts'
import { stableLengthOf } from '../../agent/prompts/stored-decision.ts'
import type { Provider } from '../../agent/provider.ts'
import type { TurnInput } from '../../schema/turn.ts'
import { type FakePortsOptions, fakePorts } from '../support/fake-ports.ts'
import { failureOf, fakeStep, runningTurn } from '../support/fake-step.ts'
import { CARD, resolved } from '../support/resolved-model.ts'
import { scriptedVendor } from '../support/scripted-vendor.ts'

function prepare(options: Partial<FakePortsOptions> = {}, card: Partial<ModelCard> = {}) {
  const vendor = scriptedVendor()
  const made = fakePorts({ vendor, ...options })
  const chain = async () => [resolved(vendor, { card: { ...CARD, ...card } })]
  const ports = { ...made, models: { ...made.models, chain } }
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

describe('composing the prompt for the model that is asked first', () => {
  it('notes how much of it the next prompts will share', async () => {
    const { ports, compose, stored } = prepare()
    await compose(await runningTurn(ports, 'Good morning!'))
    const [prompt] = stored()
    if (!prompt) throw new Error('There is no prompt.')
    const stable = prompt.prompt.slice(0, stableLengthOf(prompt))
    expect(stable).toContain('<rules>')
    expect(stable).toContain('- REPLY: ')
    expect(prompt.prompt.slice(stable.length)).toMatch(/Sam[\s\S]*Good morning!/)
    expect(stable).not.toContain('Sam')
    expect(prompt.state).not.toHaveProperty('cut')
  })

  it('leaves out what the model cannot read, and notes how much that is', async () => {
    const pages = (count: number) => ({ kept: count, text: 'page '.repeat(100 * count) })
    const book = {
      name: 'BOOK',
      get: async () => ({
        ...pages(20),
        yields: { kind: 'documents', rank: 20, count: 20, render: pages },
      }),
    }
    const { ports, compose, stored } = prepare(
      { plugins: providing(book) },
      { contextTokens: 2_000 },
    )
    await compose(await runningTurn(ports, 'What does the book say?'))
    expect(stored()[0]?.state.cut).toEqual({
      documents: expect.any(Number),
      tokens: { limit: 1_468, before: expect.any(Number), after: expect.any(Number) },
    })
    expect(stored()[0]?.prompt).toContain('What does the book say?')
  })

  it('fails for good when not even the message fits, and says what to shorten', async () => {
    const { ports, compose, stored } = prepare({}, { contextTokens: 2_000 })
    const turn = await runningTurn(ports, 'secret '.repeat(5_000))
    expect(await failureOf(compose(turn))).toMatchObject({
      type: 'prompt_too_long',
      nonRetryable: true,
    })
    expect(ports.step(turn, 'composeState')?.error).toMatch(
      /The longest part is the message with \d+: send a shorter one/,
    )
    expect(stored()).toEqual([])
  })

  it('names the message also where it was spoken', async () => {
    const { ports, compose } = prepare({}, { contextTokens: 2_000 })
    const voice = { url: 'https://example.org/voice.ogg', text: 'secret '.repeat(3_000) }
    const turn = await runningTurn(ports, '', { content: { attachments: [voice] } })
    expect(await failureOf(compose(turn))).toMatchObject({ type: 'prompt_too_long' })
    expect(ports.step(turn, 'composeState')?.error).toMatch(
      /The longest part is the message with \d+: send a shorter one/,
    )
  })

  it.each([
    ['the agent wants tools', { decision: 'tools' }, true, 'tools'],
    ['the agent wants tools, by the name of the environment', { DECISION: 'TOOLS' }, true, 'tools'],
    ['the model has none', { decision: 'tools' }, false, undefined],
    ['nobody wants them', {}, true, undefined],
    ['the word is unknown', { decision: 'magic' }, true, undefined],
  ])('chooses between XML and tools when %s', async (_what, settings, hasTools, decision) => {
    const { ports, compose, stored } = prepare({ settings }, { hasTools })
    await compose(await runningTurn(ports))
    const { prompt = '', state } = stored()[0] ?? {}
    expect(state?.decision).toBe(decision)
    expect(state?.tools).toEqual(
      decision && ['REPLY', 'IGNORE', 'NONE', 'SEND_MESSAGE', 'UPDATE_CONTACT'],
    )
    expect(prompt.includes('<response>')).toBe(decision === undefined)
    expect(prompt.includes('- REPLY: ')).toBe(decision === undefined)
  })

  it('lets an agent keep to XML where the deployment wants tools', async () => {
    const { ports, stored } = prepare({ settings: { decision: 'xml' } })
    const deployed = { ...ports, decision: 'tools' as const }
    const turn = await runningTurn(deployed)
    await fakeStep(deployed).run((activities) => activities.composeState(turn))
    expect(stored()[0]?.state).not.toHaveProperty('decision')
  })

  it('has for tools a template of its own, which only the same of a character replaces', async () => {
    const settings = { decision: 'tools' }
    const xml = prepare({ settings, templates: { messageHandlerTemplate: 'Write <xml/>.' } })
    await xml.compose(await runningTurn(xml.ports))
    expect(xml.stored()[0]?.prompt).not.toContain('<xml/>')
    const own = prepare({ settings, templates: { toolDecisionTemplate: 'Say it. {{providers}}' } })
    await own.compose(await runningTurn(own.ports))
    expect(own.stored()[0]?.prompt).toMatch(/^Say it\. # About Ada/)
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
