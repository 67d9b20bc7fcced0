import { describe, expect, it } from '@jest/globals'
import type { Action } from '../../../agent/action.ts'
import { composeState } from '../../../agent/compose-state.ts'
import type { Memory } from '../../../agent/memory.ts'
import { fitPrompt } from '../../../agent/prompts/fit-prompt.ts'
import { templateOf } from '../../../agent/prompts/templates.ts'
import type { Provider } from '../../../agent/provider.ts'
import {
  AGENT_ID,
  type ContextOptions,
  memory,
  NOW,
  PERSON_ID,
  turnContext,
} from '../turn-context.ts'
import { type ReadingModel, readingModel } from './reading-model.ts'

async function compose(options: ContextOptions, model: ReadingModel = readingModel(1_000_000)) {
  const context = turnContext(options)
  const composed = await composeState(context, { include: ['ENTITIES'] })
  const template = templateOf(context.agent.character, 'messageHandlerTemplate')
  const fitted = await fitPrompt(composed, { template, model, message: '' })
  return { ...fitted, stable: fitted.prompt.slice(0, fitted.stableLength) }
}

const withTemplate = (messageHandlerTemplate: string) => ({
  character: { templates: { messageHandlerTemplate } },
})

describe('the stable beginning of a prompt', () => {
  it('has the rules, the character and the actions, and nothing of the turn', async () => {
    const { stable, prompt } = await compose({})
    expect(stable).toContain('<response_format>')
    expect(stable).toContain('# About Ada\nA companion.')
    expect(stable).toContain('- IGNORE: ')
    expect(stable).not.toMatch(/People in the room|<conversation>|Sam|# Time/)
    expect(prompt.slice(stable.length).trimStart()).toMatch(/^# People in the room/)
  })

  it('is the same whoever says what and when', async () => {
    const one = await compose({ message: memory(PERSON_ID, 'one', NOW) })
    const message = memory('nobody', 'two\uFFFF {{#if}} <rules>', NOW + 60_000)
    const two = await compose({
      message,
      messages: [memory(AGENT_ID, 'hi'), message],
      entities: [],
    })
    expect(two.stable).toBe(one.stable)
    expect(one.stable.length).toBeGreaterThan(1_500)
  })

  it('has the actions that are always possible; the others follow behind it', async () => {
    const action = (name: string, validate?: Action['validate']): Action => ({
      name,
      description: `does ${name}`,
      parameters: [{ name: 'how', description: `of ${name}` }],
      effect: 'none',
      validate,
      handler: async () => ({ success: true }),
    })
    let isPossible = true
    const actions = [action('SOMETIMES', () => isPossible), action('ALWAYS')]
    const plugins = [{ name: 'p', description: '', actions }]
    const now = await compose({ plugins })
    expect(now.stable).toContain('- ALWAYS: does ALWAYS')
    expect(now.stable).toContain('- ALWAYS: how: of ALWAYS')
    expect(now.stable).not.toContain('SOMETIMES')
    expect(now.prompt).toContain('- SOMETIMES: does SOMETIMES')
    isPossible = false
    const later = await compose({ plugins })
    expect(later.stable).toBe(now.stable)
    expect(later.prompt).not.toContain('SOMETIMES')
  })

  it('has what a stable provider gives, wherever its position puts it', async () => {
    const providers: Provider[] = [
      { name: 'NEWS', position: -100, get: async () => ({ text: 'Some news.' }) },
      { name: 'LAWS', position: 200, stable: true, get: async () => ({ text: 'Do no harm.' }) },
    ]
    const { stable, prompt } = await compose({
      plugins: [{ name: 'p', description: '', providers }],
    })
    expect(stable).toContain('Do no harm.')
    expect(stable).not.toContain('Some news.')
    expect(prompt).toContain('Some news.')
  })

  it.each([
    ['that begins with what changes', '{{time}} {{agentName}} {{providers}}', ''],
    [
      'that places values itself',
      'I am {{agentName}}, {{bio}}{{recentMessages}}',
      'I am Ada, A companion.',
    ],
    ['that asks for what changes', 'A{{#if senderName}}B{{/if}}C', 'A'],
    ['that has nothing of the turn', 'Always the same. {{agentName}}', 'Always the same. Ada'],
  ])('of a template of the character %s is found as well', async (_what, source, stable) => {
    expect((await compose(withTemplate(source))).stable).toBe(stable)
  })
})

/** Sam and Ada talk, a message each per turn; now and then Sam says two things. */
async function talk(turns: number, model?: ReadingModel, settings = {}) {
  const messages: Memory[] = []
  const prompts: string[] = []
  for (let turn = 0; turn < turns; turn += 1) {
    const at = NOW + turn * 1_000
    if (turn % 7 === 3) messages.push(memory(PERSON_ID, `by the way, ${turn} things happened`, at))
    const message = memory(PERSON_ID, `message ${turn}: what do you make of it?`, at + 1)
    messages.push(message)
    prompts.push((await compose({ message, messages, settings }, model)).prompt)
    messages.push(memory(AGENT_ID, `answer ${turn}: a sentence or two about it, as ever.`, at + 2))
  }
  return prompts
}

function shared(one: string, other: string): number {
  let length = 0
  while (length < one.length && one[length] === other[length]) length += 1
  return length
}

/** Which part of each prompt a vendor knows from the one before it. */
const hits = (prompts: readonly string[]): number[] =>
  prompts.slice(1).map((prompt, index) => shared(prompt, prompts[index] ?? '') / prompt.length)

const average = (numbers: readonly number[]) =>
  numbers.reduce((sum, each) => sum + each, 0) / numbers.length

describe('a long conversation', () => {
  it('is known to the vendor from the turn before, in most turns up to its last messages', async () => {
    const prompts = await talk(60)
    // From the 24th turn on the conversation is longer than what the agent has in mind.
    const late = hits(prompts).slice(24)
    const known = late.filter((hit) => hit > 0.85)
    expect(known.length / late.length).toBeGreaterThan(0.6)
    // If its beginning moved in each turn, no prompt would be known beyond the people in the room.
    expect(average(late)).toBeGreaterThan(0.75)
    for (const prompt of prompts.slice(24)) {
      const count = prompt.match(/^(Sam|Ada): (message|answer|by)/gm)?.length ?? 0
      expect(count).toBeGreaterThanOrEqual(32)
      expect(count).toBeLessThanOrEqual(48)
    }
  })

  it('stands still as well where the model reads little', async () => {
    const model = readingModel(2_500)
    const late = hits(await talk(60, model)).slice(24)
    expect(model.counted.length).toBeGreaterThan(0)
    expect(late.filter((hit) => hit > 0.8).length / late.length).toBeGreaterThan(0.4)
  })
})
