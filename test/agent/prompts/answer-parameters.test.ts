import { describe, expect, it } from '@jest/globals'
import type { Action } from '../../../agent/action.ts'
import { chooseActions } from '../../../agent/choose-actions.ts'
import { composeState } from '../../../agent/compose-state.ts'
import { parseAnswer } from '../../../agent/prompts/answer.ts'
import { composePrompt } from '../../../agent/prompts/compose-prompt.ts'
import { templateOf } from '../../../agent/prompts/templates.ts'
import { createTextStream } from '../../../agent/prompts/text-stream.ts'
import { turnContext } from '../turn-context.ts'

const action = (name: string, given: Partial<Action> = {}): Action => ({
  ...{ name, description: name, effect: 'none', handler: async () => ({ success: true }) },
  ...given,
})
const ORDER = action('ORDER', {
  similes: ['BUY'],
  parameters: [
    { name: 'size', description: 'small or large', required: true },
    { name: 'note', description: 'for the cook' },
  ],
})
const offered = (...actions: Action[]) =>
  turnContext({ plugins: [{ name: 'test', description: 'test', actions }] })

const xml = (params: string, actions = 'ORDER', tag = 'params') =>
  `<response><thought>t</thought><actions>${actions}</actions><${tag}>${params}</${tag}><text>Hi</text></response>`

function choose(answer: string) {
  const parsed = parseAnswer(answer)
  if (!parsed) throw new Error(`The answer '${answer}' cannot be read.`)
  const { agent } = offered(ORDER, action('WAVE'))
  const { parameters, parametersFault } = chooseActions(parsed, agent.actions)
  return { parameters, parametersFault }
}
const large = { parameters: { ORDER: { size: 'large' } }, parametersFault: undefined }
const none = (fault: unknown) => ({ parameters: undefined, parametersFault: fault })

describe('the parameters of an answer', () => {
  it.each([
    ['by the name of the action', xml('{"ORDER": {"size": "large"}}')],
    ['by a simile, in any case', xml('{"buy": {"size": "large"}}')],
    ['without a name, when there is one action', xml('{"size": "large"}', 'REPLY, ORDER')],
    ['in a code fence', xml('\n```json\n{"ORDER": {"size": "large"}}\n```\n')],
    ['as CDATA', xml('<![CDATA[{"ORDER": {"size": "large"}}]]>')],
    ['with entities', xml('{&quot;size&quot;: &quot;large&quot;}')],
    ['in <parameters>', xml('{"ORDER": {"size": "large"}}', 'ORDER', 'parameters')],
    ['as JSON', '{"actions": ["ORDER"], "params": {"ORDER": {"size": "large"}}, "text": "Hi"}'],
  ])('are read %s', (_, answer) => {
    expect(choose(answer)).toEqual(large)
  })

  it('keep what looks like tags in them', () => {
    const { parameters } = choose(xml('{"ORDER": {"note": "<text>no</text> & <b>"}}'))
    expect(parameters).toEqual({ ORDER: { note: '<text>no</text> & <b>' } })
  })

  it.each([
    ['no JSON', xml('size: large'), 'no JSON'],
    ['a list', xml('["large"]'), 'no JSON object'],
    ['cut off', xml('{"ORDER": {"size": "lar'), 'no JSON'],
    ['too long', xml(`{"note": "${'x'.repeat(20_001)}"}`), '20000 are the limit'],
    ['nested without end', xml(`${'{"a":'.repeat(30)}1${'}'.repeat(30)}`), 'nested'],
  ])('are none when they are %s', (_, answer, fault) => {
    expect(choose(answer)).toEqual(none(expect.stringContaining(fault)))
  })

  it('are left out for actions that were not chosen, and named', () => {
    const { parameters, parametersFault } = choose(
      xml('{"ORDER": {"size": "large"}, "FLY": {"to": "Rome"}}', 'ORDER, WAVE'),
    )
    expect(parameters).toEqual({ ORDER: { size: 'large' } })
    expect(parametersFault).toBe("No chosen action takes 'FLY'.")
  })

  it('cannot reach anything else by their names', () => {
    const { parameters } = choose(xml('{"ORDER": {"__proto__": {"isAdmin": true}}}'))
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
    expect(Object.getPrototypeOf(parameters?.ORDER)).toBe(Object.prototype)
  })

  it('are never shown while the answer is written', () => {
    const stream = createTextStream()
    const shown = [...xml('{"ORDER": {"size": "large"}}')].map((char) => stream.push(char)).join('')
    expect(shown + stream.end()).toBe('Hi')
  })
})

describe('the prompt', () => {
  const promptOf = async (...actions: Action[]) => {
    const context = offered(...actions)
    const { state } = await composeState(context)
    const template = templateOf(context.agent.character, 'messageHandlerTemplate')
    return composePrompt(template, state)
  }

  it('asks for those of the actions that have some', async () => {
    const prompt = await promptOf(action('WAVE'), ORDER)
    expect(prompt).not.toContain('- WAVE: size')
    expect(prompt).toContain('<actions>REPLY</actions>\n<providers></providers>')
    expect(prompt).toContain('Give them in <params>{"ACTION": {"parameter": "value"}}</params>')
    expect(prompt).toContain(
      '- ORDER: size (required): small or large\n- ORDER: note: for the cook',
    )
  })
})
