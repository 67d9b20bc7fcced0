import { describe, expect, it } from '@jest/globals'
import type { Action } from '../../../agent/action.ts'
import { chooseActions } from '../../../agent/choose-actions.ts'
import type { FinishReason, ToolCall } from '../../../agent/models.ts'
import { corePlugin } from '../../../agent/plugins/core/core-plugin.ts'
import { parseAnswer } from '../../../agent/prompts/answer.ts'
import { createTextStream } from '../../../agent/prompts/text-stream.ts'
import { createToolAnswer } from '../../../agent/prompts/tool-answer.ts'
import { toolSpecs } from '../../../agent/prompts/tool-specs.ts'
import { storableText } from '../../../schema/text.ts'
import { createRandom, cutText, randomText } from './cut-text.ts'

const action = (name: string): Action => ({
  name,
  description: name,
  effect: 'none',
  handler: async () => ({ success: true }),
})

const ACTIONS = [...(corePlugin.actions ?? []), action('ORDER'), action('WAVE'), action('GET.X')]
const TOOLS = toolSpecs(ACTIONS)

interface Written {
  readonly finishReason?: FinishReason
  readonly calls?: readonly ToolCall[]
}

function render(pieces: readonly string[], { calls = [], finishReason = 'stop' }: Written = {}) {
  const deltas: string[] = []
  const visible = createTextStream()
  let early = ''
  const answer = createToolAnswer(TOOLS, (xml) => {
    deltas.push(xml)
    early += visible.push(xml)
  })
  for (const piece of pieces) answer.push(piece)
  const whole = answer.end({ finishReason, toolCalls: calls })
  const seen = early + visible.end()
  const parsed = parseAnswer(whole)
  const choice = parsed && chooseActions(parsed, ACTIONS)
  return { whole, deltas, early, seen, parsed, choice, plain: answer.plain() }
}

const call = (name: string, given: ToolCall['arguments'] = {}): ToolCall => ({
  name,
  arguments: given,
})

describe('an answer of a model that calls tools', () => {
  it('is our XML, with the text first while it streams', () => {
    const { deltas, whole, choice, parsed } = render(['Two ', 'coffees & a <b>tea</b>.'], {
      calls: [call('ORDER', { count: 2 })],
    })
    expect(deltas).toEqual([
      '<response>\n<text>Two ',
      'coffees &amp; a &lt;b>tea&lt;/b>.',
      '</text>\n<actions>REPLY, ORDER</actions>\n<params>{"ORDER":{"count":2}}</params>\n</response>',
    ])
    expect(deltas.join('')).toBe(whole)
    expect(parsed).toMatchObject({ form: 'xml', isComplete: true })
    expect(choice).toEqual({
      thought: '',
      reply: 'Two coffees & a <b>tea</b>.',
      actions: ['ORDER'],
      ignored: false,
      unknownActions: [],
      parameters: { ORDER: { count: 2 } },
    })
  })

  it('may be text alone, or calls alone', () => {
    expect(render(['Hi']).choice).toMatchObject({ reply: 'Hi', actions: [] })
    const { choice } = render([], { calls: [call('WAVE'), call('GET_X', { a: 1 })] })
    expect(choice).toMatchObject({ actions: ['WAVE', 'GET.X'], parameters: { 'GET.X': { a: 1 } } })
    expect(choice?.reply).toBeUndefined()
  })

  it('is nothing when nothing is said and nothing is called', () => {
    expect(render([])).toMatchObject({ whole: '', parsed: undefined })
    expect(render([' \n'])).toMatchObject({ whole: '', parsed: undefined })
    expect(render(['<think>Hm.', ' So.</think>\n '])).toMatchObject({ whole: '' })
  })

  it('is silence when IGNORE is called, but nobody takes back what was shown', () => {
    expect(render([], { calls: [call('IGNORE')] }).choice).toMatchObject({ ignored: true })
    for (const written of ['Fine.', '<response><text>Fine.</text></response>']) {
      expect(render([written], { calls: [call('IGNORE')] }).choice).toMatchObject({
        ignored: false,
        reply: 'Fine.',
      })
    }
  })

  it('names tools that nobody offered', () => {
    const { choice } = render(['Off I go.'], { calls: [call('FLY', { to: 'Rome' }), call('WAVE')] })
    expect(choice).toMatchObject({
      actions: ['WAVE'],
      unknownActions: ['FLY'],
      parameters: { WAVE: {} },
      parametersFault: "No chosen action takes 'FLY'.",
    })
  })

  it('says that arguments were no JSON object', () => {
    const broken: ToolCall = { name: 'ORDER', arguments: undefined }
    const { choice } = render(['Ok.'], { calls: [broken, call('WAVE', { hand: 'left' })] })
    expect(choice).toMatchObject({
      actions: ['ORDER', 'WAVE'],
      parameters: { WAVE: { hand: 'left' } },
      parametersFault: "No chosen action takes 'ORDER: no JSON object'.",
    })
    expect(render(['Ok.'], { calls: [broken] }).choice).toMatchObject({
      actions: ['ORDER'],
      parametersFault: "No chosen action takes 'ORDER: no JSON object'.",
    })
  })

  it('runs an action once, with what its first call gave', () => {
    const calls = [call('ORDER', { count: 1 }), call('ORDER', { count: 2 })]
    expect(render([], { calls }).choice).toMatchObject({
      actions: ['ORDER'],
      parameters: { ORDER: { count: 1 } },
      parametersFault: "No chosen action takes 'ORDER: a second call'.",
    })
  })

  it('is not complete when its length was cut', () => {
    const { parsed } = render(['Once upon a'], { finishReason: 'length' })
    expect(parsed).toMatchObject({ text: 'Once upon a', isComplete: false })
  })

  it('gives the text that came only with the result', () => {
    const answer = createToolAnswer(TOOLS, () => {})
    expect(parseAnswer(answer.end({ text: 'Hi', finishReason: 'stop' }))?.text).toBe('Hi')
    const streamed = createToolAnswer(TOOLS, () => {})
    streamed.push('Hi')
    expect(parseAnswer(streamed.end({ text: 'Hi', finishReason: 'stop' }))?.text).toBe('Hi')
  })

  it('never shows what the model thinks aloud before it', () => {
    const pieces = ['<thi', 'nk>se', 'cret</th', 'ink>\n<thinking>more</thinking>', ' Hi', ' there']
    expect(render(pieces)).toMatchObject({ early: 'Hi there', plain: 'Hi there' })
    expect(render(['<think>secret and never clo', 'sed']).seen).toBe('')
    expect(render(['The tag <think> is theirs.']).seen).toBe('The tag <think> is theirs.')
  })

  it.each([
    [
      'our XML',
      '<response><thought>secret</thought><actions>REPLY</actions><text>Hi</text></response>',
    ],
    [
      'it in a code fence',
      '```xml\n<response><thought>secret</thought><text>Hi</text></response>\n```',
    ],
    ['bare fields of it', '<thought>secret</thought><text>Hi</text>'],
  ])('reads a model that writes %s all the same', (_what, written) => {
    const { seen, choice } = render(written.split(''), { calls: [call('WAVE')] })
    expect(seen).toBe('Hi')
    expect(choice).toMatchObject({ reply: 'Hi', actions: ['WAVE'] })
  })

  it('shows each word when it arrives', () => {
    const { deltas } = render(['Hello', ' wor', 'ld'])
    expect(deltas.slice(0, 3)).toEqual(['<response>\n<text>Hello', ' wor', 'ld'])
  })
})

describe('an answer of a model that calls tools, whatever it says and however it is cut', () => {
  const TAGS = ['<text>', '</text>', '</response>', '<actions>', '</tex', '<action/>', '<params>']
  const ODD = ['&amp;', '&am', '&', '<', '>', '</', '<![CDATA[', ']]>', '```', '&#128512;', '&lt;']
  const WORDS = [
    'Hi ',
    '😀',
    '\ud83d',
    ' ',
    '\n',
    'a < b',
    '<b>',
    '</b>',
    '\u0000',
    '<think>',
    '{"a":1}',
  ]
  const PARTS = [...TAGS, ...ODD, ...WORDS]

  it.each([1, 2, 3])('parses back to the same text (seed %i)', (seed) => {
    const random = createRandom(seed)
    for (let round = 0; round < 800; round += 1) {
      const text = `Well, ${randomText(PARTS, 12, random)}`
      const calls = random(2) === 0 ? [] : [call('ORDER', { note: randomText(PARTS, 6, random) })]
      const { whole, deltas, seen, parsed, choice } = render(cutText(text, random), { calls })
      expect({ text, parsed: parsed?.text }).toEqual({ text, parsed: storableText(text).trim() })
      expect(seen).toBe(parsed?.text)
      expect(deltas.join('')).toBe(whole)
      expect(parsed?.isComplete).toBe(true)
      expect(choice?.actions).toEqual(calls.map(({ name }) => name))
      expect(choice?.parameters?.ORDER).toEqual(
        calls[0] && JSON.parse(storableText(JSON.stringify(calls[0].arguments))),
      )
    }
  })

  it.each([4, 5])('never shows a thought (seed %i)', (seed) => {
    const random = createRandom(seed)
    for (let round = 0; round < 500; round += 1) {
      const inner = randomText(['secret ', '<b>', '<text>', '&lt;', '</thin', '\n'], 8, random)
      const tag = random(2) === 0 ? 'think' : 'thinking'
      const text = `${random(2) === 0 ? '\n' : ''}<${tag}>secret ${inner}</${tag}> Hi${randomText(WORDS, 4, random)}`
      const { early, seen } = render(cutText(text, random))
      expect({ text, seen: early + seen }).not.toEqual({
        text,
        seen: expect.stringContaining('secret'),
      })
      expect(seen.startsWith('Hi')).toBe(true)
    }
  })
})
