import { describe, expect, it } from '@jest/globals'
import { ModelAnswerError } from '../../../agent/errors.ts'
import { reflectionEvaluator } from '../../../agent/plugins/core/reflection-evaluator.ts'
import {
  AGENT_ID,
  type ContextOptions,
  memory,
  NOW,
  OTHER_ID,
  PERSON_ID,
  turnContext,
} from '../turn-context.ts'

async function reflect(answer: string, options: ContextOptions = {}) {
  const context = turnContext({ ...options, answer })
  await reflectionEvaluator.handler(context)
  return context.recorded
}

const fact = (claim: string, inBio = false, alreadyKnown = false): string =>
  `<fact><claim>${claim}</claim><type>status</type><in_bio>${inBio}</in_bio><already_known>${alreadyKnown}</already_known></fact>`

const answer = (facts: string, relationships = ''): string =>
  `<response><thought>t</thought><facts>${facts}</facts><relationships>${relationships}</relationships></response>`

const relationship = (source: string, target: string, tags = 'friend, colleague'): string =>
  `<relationship><sourceEntityId>${source}</sourceEntityId><targetEntityId>${target}</targetEntityId><tags>${tags}</tags></relationship>`

const claims = (written: { memories: readonly { content: { text?: string } }[] }) =>
  written.memories.map(({ content }) => content.text)

describe('REFLECTION', () => {
  it('reads the newest of a conversation that is long, and says what all its prompts share', async () => {
    const message = memory(PERSON_ID, 'and now?', NOW)
    const earlier = Array.from({ length: 30 }, (_, index) =>
      memory(PERSON_ID, `m${index} ${'x'.repeat(1_990)}`, NOW - 30 + index),
    )
    const { prompts } = await reflect(answer(''), { message, messages: [...earlier, message] })
    const [{ prompt = '', stableLength = 0 } = {}] = prompts
    expect(prompt.match(/^Sam: m\d+/gm)).toHaveLength(8)
    expect(prompt).toContain('Sam: m29')
    expect(prompt).toContain('Sam: and now?')
    const stable = prompt.slice(0, stableLength)
    expect(stable).toMatch(/A companion\.\n<\/description>\s+<people>\s*$/)
  })

  it('reads the message itself however long it is', async () => {
    const message = memory(PERSON_ID, 'y'.repeat(50_000), NOW)
    const { prompts } = await reflect(answer(''), { message, messages: [message] })
    expect(prompts[0]?.prompt).toContain('Sam: yyy')
  })

  it('stores the facts of nested XML, with their type and where they come from', async () => {
    const written = await reflect(answer(fact('Sam lives in <b>Graz</b> &amp; loves it.')))
    expect(written.memories).toEqual([
      {
        type: 'facts',
        entityId: AGENT_ID,
        content: { text: 'Sam lives in <b>Graz</b> & loves it.' },
        metadata: { type: 'status', source: 'reflection', messageId: expect.any(String) },
      },
    ])
  })

  it('gives facts what FACTS finds them by, where a model makes it, and keeps them where it fails', async () => {
    const said = answer(fact('Sam has a cat.') + fact('Sam lives in Graz.'))
    const embed = async (texts: readonly string[]) => texts.map((text) => [text.length, 1])
    const { records, memories } = await reflect(said, { models: { embed } })
    expect(memories).toEqual([])
    expect(records).toMatchObject([
      { memory: { type: 'facts', content: { text: 'Sam has a cat.' }, embedding: [14, 1] } },
      { memory: { type: 'facts', roomId: 'room', entityId: AGENT_ID, embedding: [18, 1] } },
    ])
    const broken = async () => {
      throw new Error('The vendor is away.')
    }
    const kept = await reflect(said, { models: { embed: broken } })
    expect(claims(kept)).toEqual(['Sam has a cat.', 'Sam lives in Graz.'])
    expect(kept.records).toEqual([])
  })

  it('stores each fact once, and none that is known or in the bio', async () => {
    const facts = [
      fact('new'),
      fact('in bio', true),
      fact('known', false, true),
      fact('New.'),
      fact('Sam has a cat'),
      fact(''),
      fact('x'.repeat(2_000)),
    ]
    expect(claims(await reflect(answer(facts.join('\n')), { facts: ['sam has a cat.'] }))).toEqual([
      'new',
    ])
  })

  it('stores relationships between people of the room, by id or by name', async () => {
    const relationships = [
      relationship(PERSON_ID.toUpperCase(), AGENT_ID),
      relationship('Sam', 'kim', 'sibling'),
      relationship(PERSON_ID, '00000000-0000-0000-0000-0000000000ff'),
      relationship(PERSON_ID, PERSON_ID),
      relationship('', AGENT_ID),
    ]
    const { relationships: stored } = await reflect(answer('', relationships.join('')))
    expect(stored).toEqual([
      {
        sourceEntityId: PERSON_ID,
        targetEntityId: AGENT_ID,
        tags: ['friend', 'colleague'],
        metadata: { source: 'reflection' },
      },
      {
        sourceEntityId: PERSON_ID,
        targetEntityId: OTHER_ID,
        tags: ['sibling'],
        metadata: { source: 'reflection' },
      },
    ])
  })

  it.each([
    ['in a code fence', `\`\`\`xml\n${answer(fact('a') + fact('b'))}\n\`\`\``],
    ['behind thinking aloud', `<think><facts></facts></think>${answer(fact('a') + fact('b'))}`],
    ['without a response', `<facts>${fact('a')}${fact('b')}</facts>`],
    ['unclosed', '<response><facts><fact><claim>a<type>fact</type><fact><claim>b'],
    [
      'in camel case',
      '<response><facts><fact><claim>a</claim><alreadyKnown>false</alreadyKnown></fact><fact><claim>b</claim></fact><fact><claim>c</claim><inBio>true</inBio></fact></facts></response>',
    ],
  ])('reads an answer %s', async (_, text) => {
    expect(claims(await reflect(text))).toEqual(['a', 'b'])
  })

  it('stores nothing, quietly, when there is nothing to note', async () => {
    expect(await reflect(answer(''))).toMatchObject({ memories: [], relationships: [] })
  })

  it.each([
    '',
    ' ',
    'I have nothing to add.',
    '<response><thought>hm</thought></response>',
    '{"facts":[]}',
  ])('stores nothing and says so when the answer is %j', async (text) => {
    const context = turnContext({ answer: text })
    await expect(reflectionEvaluator.handler(context)).rejects.toThrow(ModelAnswerError)
    expect(context.recorded).toMatchObject({ memories: [], relationships: [] })
  })

  it('asks the small model about the conversation in its order, with people and known facts', async () => {
    const message = memory(PERSON_ID, 'I moved to Graz', NOW)
    const messages = [message, memory(AGENT_ID, 'How is it?', NOW + 1)]
    const { prompts } = await reflect(answer(''), { message, messages, facts: ['Sam has a cat'] })
    expect(prompts).toHaveLength(1)
    const { prompt, purpose } = prompts[0] ?? { prompt: '' }
    expect(purpose).toBe('TEXT_SMALL')
    expect(prompt).toContain(
      '<conversation>\nSam: I moved to Graz\nAda: How is it?\n</conversation>',
    )
    expect(prompt).toContain(`Sam (id ${PERSON_ID})`)
    expect(prompt).toContain('- Sam has a cat')
    expect(prompt).not.toContain('message_to_answer')
  })

  it('is due every eighth turn', () => {
    const { intervalTurns } = reflectionEvaluator
    if (typeof intervalTurns !== 'function') throw new Error('It has no interval by settings.')
    expect(intervalTurns({})).toBe(8)
    expect(intervalTurns({ conversationLength: 2 })).toBe(1)
    expect(intervalTurns({ conversationLength: 100 })).toBe(25)
  })
})
