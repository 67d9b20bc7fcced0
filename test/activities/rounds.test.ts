import { describe, expect, it } from '@jest/globals'
import type { ActionContext } from '../../agent/action.ts'
import type { Plugin } from '../../agent/plugin.ts'
import type { Provider } from '../../agent/provider.ts'
import type { JsonObject } from '../../schema/json.ts'
import { type FakePortsOptions, fakePorts } from '../support/fake-ports.ts'
import { fakeStep, runningTurn } from '../support/fake-step.ts'
import { playRounds } from '../support/play-rounds.ts'
import { answerXml, type ScriptedAnswer, scriptedVendor } from '../support/scripted-vendor.ts'

const weather: Provider = {
  name: 'WEATHER',
  description: 'The weather.',
  dynamic: true,
  builtIn: true,
  get: async () => ({ text: 'It rains in Graz.' }),
}

interface Ran {
  readonly name: string
  readonly context: ActionContext
}

/** Actions that give what a test wants, and keep what they were given. */
function lab(ran: Ran[] = []): Plugin {
  const action = (name: string, result: JsonObject = {}) => ({
    name,
    description: `does ${name}`,
    effect: 'none' as const,
    handler: async (context: ActionContext) => {
      ran.push({ name, context })
      if (name === 'SHOUT') context.say({ text: 'Shouted.' })
      return { success: name !== 'BREAK', ...result }
    },
  })
  const actions = [
    action('LOOK_UP', { text: 'The library opens at nine.', values: { hour: 'nine' } }),
    action('SHOUT'),
    action('BREAK', { error: 'It is locked.' }),
  ]
  return { name: 'lab', description: 'A lab.', actions, providers: [weather] }
}

async function play(answers: readonly ScriptedAnswer[], options: Partial<FakePortsOptions> = {}) {
  const vendor = scriptedVendor(...answers)
  const ran: Ran[] = []
  const ports = fakePorts({ vendor, plugins: [lab(ran)], ...options })
  const turn = await runningTurn(ports, 'When does the library open?')
  const played = await playRounds(ports, turn)
  const prompts = vendor.requests.map(({ prompt }) => prompt)
  const shown = (attempt: number) =>
    ports.events
      .filter((event) => event.attempt === attempt)
      .map((event) => ('text' in event ? event.text : ''))
      .join('')
  return { ...played, ports, turn, prompts, ran, shown }
}

const wanting = (providers: string, text = 'I guess it is dry.') =>
  `<response><thought>?</thought><actions>REPLY</actions><providers>${providers}</providers><text>${text}</text></response>`

describe('a decision that asks for providers', () => {
  it('is asked again with them before anything is said', async () => {
    const { prompts, decisions, reply, shown } = await play([wanting('weather'), answerXml('Wet.')])
    expect(prompts).toHaveLength(2)
    expect(prompts[0]).toContain('- WEATHER: The weather.')
    expect(prompts[0]).not.toContain('It rains in Graz.')
    expect(prompts[1]).toContain('It rains in Graz.')
    expect(decisions[0]).toMatchObject({ reply: null, actions: [] })
    expect(reply?.text).toBe('Wet.')
    expect(shown(1)).toBe('')
    expect(shown(1_001)).toBe('Wet.')
  })

  it.each(['CHARACTER, RECENT_MESSAGES', 'WEATHERS', 'ENTITIES', 'EVALUATORS', ''])(
    'speaks at once when they are in the prompt already, private or unknown: %s',
    async (names) => {
      const { prompts, reply, shown } = await play([wanting(names, 'Dry.')])
      expect(prompts).toHaveLength(1)
      expect(reply?.text).toBe('Dry.')
      expect(shown(1)).toBe('Dry.')
    },
  )

  it('speaks when it asks for the same ones a second time', async () => {
    const { prompts, reply } = await play([wanting('WEATHER'), wanting('WEATHER', 'Wet.')])
    expect(prompts).toHaveLength(2)
    expect(reply?.text).toBe('Wet.')
  })

  it('speaks after six rounds, whatever it asks for', async () => {
    const providers = Array.from({ length: 9 }, (_, index) => ({ ...weather, name: `W${index}` }))
    const answers = providers.map(({ name }) => wanting(name, `Seen ${name}.`))
    const plugins = [{ name: 'many', description: '', providers }]
    const { prompts, reply } = await play(answers, { plugins })
    expect(prompts).toHaveLength(6)
    expect(reply?.text).toBe('Seen W5.')
  })
})

describe('a chain of actions', () => {
  it('finds its words when the actions have run, if it left them open', async () => {
    const { prompts, reply, state } = await play([
      answerXml('', 'LOOK_UP, BREAK, REPLY'),
      '<response><thought>.</thought><text>It opens at nine.</text></response>',
    ])
    expect(prompts[1]).toContain('- LOOK_UP succeeded: The library opens at nine.')
    expect(prompts[1]).toContain('- BREAK failed: It is locked.')
    expect(prompts[1]).not.toContain('<actions>')
    expect(reply).toMatchObject({
      text: 'It opens at nine.',
      actions: ['REPLY', 'LOOK_UP', 'BREAK'],
    })
    expect(state).toBe('replied')
  })

  it('keeps the words that it has chosen', async () => {
    const { prompts, reply } = await play([answerXml('Let me see.', 'LOOK_UP, REPLY')])
    expect(prompts).toHaveLength(1)
    expect(reply?.text).toBe('Let me see.')
  })

  it('gives each action the plan, the results and the values of those before it', async () => {
    const { ran } = await play([answerXml('Done.', 'LOOK_UP, BREAK, SHOUT')])
    const last = ran.at(-1)?.context
    expect(last?.plan).toMatchObject({
      ...{ totalSteps: 3, currentStep: 3, thought: 'They greet me.', words: 'decided' },
      steps: [
        { action: 'LOOK_UP', status: 'completed' },
        { action: 'BREAK', status: 'failed', error: 'It is locked.' },
        { action: 'SHOUT', status: 'pending' },
      ],
    })
    expect(last?.previous.map(({ success }) => success)).toEqual([true, false])
    expect(last?.state.values.hour).toBe('nine')
    expect(ran[0]?.context.state.values.hour).toBeUndefined()
    expect(last?.state.text).toContain('1. LOOK_UP: completed')
  })
})

const step = (fields: string) => `<response><thought>next</thought>${fields}</response>`
const FINISH = step('<action></action><isFinish>true</isFinish>')
const MULTI = { settings: { USE_MULTI_STEP: 'true' } }
const summary = (text: string) => `<response><thought>.</thought><text>${text}</text></response>`

describe('the multi-step mode', () => {
  it('takes one step after the other, and says in the end what came of them', async () => {
    const { prompts, results, reply, ran, shown, ports } = await play(
      [
        step('<action>look_up</action><parameters>{"what": "library"}</parameters>'),
        step('<action>SHOUT</action><providers>WEATHER</providers>'),
        FINISH,
        summary('At nine.'),
      ],
      MULTI,
    )
    expect(results.map(({ action }) => action)).toEqual(['LOOK_UP', 'SHOUT'])
    expect(ran[0]?.context.parameters).toEqual({ what: 'library' })
    expect(ran[0]?.context.plan.words).toBe('later')
    expect(prompts[0]).toContain('<isFinish>true or false</isFinish>')
    expect(prompts[1]).toContain('LOOK_UP succeeded: The library opens at nine.')
    expect(prompts[1]).not.toContain('It rains in Graz.')
    expect(prompts[2]).toContain('It rains in Graz.')
    expect(prompts[3]).toContain('LOOK_UP succeeded')
    expect(reply).toMatchObject({ text: 'At nine.', actions: ['REPLY', 'LOOK_UP', 'SHOUT'] })
    expect(shown(3_001)).toBe('At nine.')
    expect(ports.events.filter((event) => 'text' in event && event.attempt < 3_001)).toEqual([])
    const said = ports.rows.commits.flatMap(({ messages }) => messages.map(({ text }) => text))
    expect(said).toEqual(['Shouted.'])
  })

  it('is switched on for all agents by the deployment, and off for one by its setting', async () => {
    const vendor = scriptedVendor(FINISH, summary('Hi.'))
    const on = { ...fakePorts({ vendor }), multiStep: { isOn: true } }
    expect((await playRounds(on, await runningTurn(on))).reply?.text).toBe('Hi.')
    const off = {
      ...fakePorts({
        vendor: scriptedVendor(answerXml('Hello.')),
        settings: { USE_MULTI_STEP: false },
      }),
      multiStep: { isOn: true },
    }
    expect((await playRounds(off, await runningTurn(off))).reply?.text).toBe('Hello.')
  })

  it('ends at the limit of its steps, whose last action still runs', async () => {
    const again = step('<action>LOOK_UP</action>')
    const { results, reply, prompts } = await play([again, again, summary('Nine.'), again], {
      settings: { ...MULTI.settings, MAX_MULTISTEP_ITERATIONS: 2 },
    })
    expect(results).toHaveLength(2)
    expect(prompts).toHaveLength(3)
    expect(reply?.text).toBe('Nine.')
  })

  it.each([['REPLY'], ['NONE'], ['GREET']])('ends when a step is only to say %s', async (name) => {
    const { prompts, reply } = await play(
      [step(`<action>${name}</action>`), summary('Hello.')],
      MULTI,
    )
    expect(prompts).toHaveLength(2)
    expect(reply?.text).toBe('Hello.')
  })

  it('says nothing at all when a step is IGNORE', async () => {
    const { prompts, reply, state } = await play([step('<action>IGNORE</action>')], MULTI)
    expect(prompts).toHaveLength(1)
    expect(reply).toBeUndefined()
    expect(state).toBe('ignored')
  })

  it('is told of a name that no action has, and never starts one that is only like it', async () => {
    const { prompts, results } = await play(
      [step('<action>LOOK</action>'), FINISH, summary('Sorry.')],
      MULTI,
    )
    expect(prompts[1]).toContain("There is no action 'LOOK'.")
    expect(results).toEqual([])
  })

  it('says something also when no step can be read, twice', async () => {
    const { prompts, reply } = await play(['hm', 'hm', summary('I could not.')], MULTI)
    expect(prompts).toHaveLength(3)
    expect(reply?.text).toBe('I could not.')
  })

  it('says in fixed words what it did when the summary cannot be read', async () => {
    const { reply } = await play([step('<action>LOOK_UP</action>'), FINISH, '', ''], MULTI)
    expect(reply?.text).toMatch(/could not put the result into words\. What I did: LOOK_UP\./)
  })

  it('can be given templates of the character', async () => {
    const templates = {
      multiStepDecisionTemplate: 'STEP {{actionResults}}',
      multiStepSummaryTemplate: 'SUM {{agentName}} {{actionResults}}',
    }
    const { prompts } = await play([step('<action>LOOK_UP</action>'), FINISH, summary('x')], {
      ...MULTI,
      templates,
    })
    expect(prompts[0]).toBe('STEP ')
    expect(prompts[1]).toContain('STEP # Results of the actions so far\n- LOOK_UP succeeded')
    expect(prompts[2]).toMatch(/^SUM Ada # Results/)
  })

  it('asks no model twice when its steps are run again', async () => {
    const vendor = scriptedVendor(step('<action>LOOK_UP</action>'), FINISH)
    const ports = fakePorts({ vendor, plugins: [lab()], ...MULTI })
    const turn = await runningTurn(ports)
    const again = async () => {
      await fakeStep(ports).run((steps) => steps.composeState(turn, 1))
      return fakeStep(ports).run((steps) => steps.decide(turn, 1))
    }
    expect(await again()).toEqual({ actions: ['LOOK_UP'], more: true })
    expect(await again()).toEqual({ actions: ['LOOK_UP'], more: true })
    expect(vendor.requests).toHaveLength(1)
  })
})
