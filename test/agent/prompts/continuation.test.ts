import { describe, expect, it } from '@jest/globals'
import { parseAnswer } from '../../../agent/prompts/answer.ts'
import { continuationPrompt, createContinuation } from '../../../agent/prompts/continuation.ts'
import { leavesTextOpen } from '../../../agent/prompts/open-text.ts'
import { createTextStream } from '../../../agent/prompts/text-stream.ts'
import { escapeText } from '../../../agent/prompts/xml-text.ts'
import { createRandom, cutText } from './cut-text.ts'

/** What the person sees, and what is read in the end. */
function go(partial: string, pieces: readonly string[], finishReason?: 'stop' | 'length') {
  const visible = createTextStream()
  const before = visible.push(partial)
  let added = ''
  let seen = before
  const continuation = createContinuation(partial, (delta) => {
    added += delta
    seen += visible.push(delta)
  })
  for (const piece of pieces) continuation.push(piece)
  const { hasDiverged, text } = continuation.end(finishReason && { finishReason })
  seen += visible.end()
  expect(text).toBe(hasDiverged ? partial : partial + added)
  const answer = parseAnswer(text)
  return { text, seen, hasDiverged, said: answer?.text, isComplete: answer?.isComplete, answer }
}

const HEAD = '<response>\n<thought>secret</thought>\n<actions>REPLY, WAVE</actions>\n<text>'
const END = '</text>\n</response>'

describe('a continuation', () => {
  it('is asked for behind the prompt, whose beginning stays', () => {
    const prompt = continuationPrompt('The prompt.', '<response><text>Hel')
    expect(prompt.startsWith('The prompt.\n')).toBe(true)
    expect(prompt).toContain('<unfinished_answer>\n<response><text>Hel\n</unfinished_answer>')
  })

  it.each([
    ['goes on exactly', ['ld', '! How are you?', END]],
    ['repeats the last word', ['wor', 'ld! How are you?', END]],
    ['writes the last word as a whole', ['world! How are you?', END]],
    ['repeats the last words', ['\nHello', ' dear wor', 'ld! How are you?', END]],
    ['begins the whole answer anew', [`${HEAD}Hello dear world! How are you?${END}`]],
    [
      'begins it anew with other thoughts',
      [`<response><thought>other</thought><text>Hello dear world! How are you?${END}`],
    ],
    [
      'begins it anew in a code fence',
      ['```xml\n', `${HEAD}Hello dear world! How are you?${END}\n`, '```'],
    ],
    ['begins anew with the text', [`<text>Hello dear world! How are you?${END}`]],
    ['thinks aloud first', ['<think>Where was ', 'I?</think>', 'ld! How are you?', END]],
    ['forgets the last tags', ['ld! How are you?']],
    ['closes the text only', ['ld! How are you?</text>']],
  ])('that %s is joined', (_what, pieces) => {
    for (const cut of [pieces, pieces.join('').split('')]) {
      expect(go(`${HEAD}Hello dear wor`, cut)).toMatchObject({
        seen: 'Hello dear world! How are you?',
        said: 'Hello dear world! How are you?',
        hasDiverged: false,
        isComplete: true,
        answer: { actions: ['REPLY', 'WAVE'] },
      })
    }
  })

  it.each([
    ['says something else', `${HEAD}Good morning!${END}`],
    ['says less than was seen', `${HEAD}Hello${END}`],
    ['says nothing', ''],
    ['only thinks', '<think>Hm.</think>'],
    ['says something else after the same words', `${HEAD}Hello dear Sam, and so on${END}`],
  ])('that %s is left out', (_what, written) => {
    for (const cut of [[written], written.split('')]) {
      expect(go(`${HEAD}Hello dear wor`, cut)).toMatchObject({
        seen: 'Hello dear wor',
        said: 'Hello dear wor',
        hasDiverged: true,
        isComplete: false,
      })
    }
  })

  it('is no continuation when it begins as the text did and then says something else', () => {
    const partial = `${HEAD}Hello dear Sam, how are you this wonderf`
    expect(go(partial, ['Hello dear Sam, how do you do?'])).toMatchObject({ hasDiverged: true })
  })

  it('takes one letter for what it is, not for a repetition', () => {
    expect(go(`${HEAD}Hel`, ['lo you', END]).said).toBe('Hello you')
    expect(go(`${HEAD}No no`, ['o no!', END]).said).toBe('No noo no!')
    expect(go(`${HEAD}I know that `, ['that is so', END]).said).toBe('I know that that is so')
  })

  it.each([
    ['half an entity', 'A &am', ['p; B', END], 'A & B'],
    ['half an entity, begun anew', 'A &am', [`${HEAD}A &amp; B${END}`], 'A & B'],
    ['a bare &, begun anew', 'A &', [`${HEAD}A & B${END}`], 'A & B'],
    ['half a tag of its own, begun anew', 'A <b', [`${HEAD}A <b>B</b>${END}`], 'A <b>B</b>'],
    ['half the last tag', 'A</te', ['xt></response>'], 'A'],
    ['half the last tag, begun anew', 'A</te', [`${HEAD}A${END}`], 'A'],
    ['a blank', 'Hello ', [`${HEAD}Hello world${END}`], 'Hello world'],
    ['half a smiley', 'Hi \ud83d', ['\ude00!', END], 'Hi 😀!'],
    ['half a smiley, begun anew', 'Hi \ud83d', [`${HEAD}Hi 😀!${END}`], 'Hi 😀!'],
  ])('goes on behind %s', (_what, text, pieces, said) => {
    expect(go(`${HEAD}${text}`, pieces)).toMatchObject({ seen: said, said, isComplete: true })
  })

  it('brings the actions that the first answer had not come to', () => {
    const actions = '<actions>REPLY, ORDER</actions><params>{"ORDER": {"note": "a & b"}}</params>'
    const { answer, seen } = go('<response><text>Hello wor', [
      `<response><text>Hello world!</text>${actions}</response>`,
    ])
    expect(seen).toBe('Hello world!')
    expect(answer).toMatchObject({
      actions: ['REPLY', 'ORDER'],
      parameters: { ORDER: { note: 'a & b' } },
      isComplete: true,
    })
    const after = go('<response><text>Hello wor', [`ld!</text>${actions}</response>`])
    expect(after.answer).toMatchObject({ actions: ['REPLY', 'ORDER'], text: 'Hello world!' })
  })

  it('never hides what was seen behind an IGNORE', () => {
    const anew = '<response><actions>IGNORE</actions><text></text></response>'
    expect(go('<response><text>Hello wor', [anew])).toMatchObject({ hasDiverged: true })
  })

  it('that is cut off too can be continued again', () => {
    const first = go(`${HEAD}Hello dear wor`, ['ld! How'], 'length')
    expect(first).toMatchObject({ said: 'Hello dear world! How', isComplete: false })
    expect(go(first.text, [' are you?', END]).said).toBe('Hello dear world! How are you?')
  })

  it.each([
    ['goes on', ['ld, a < b & c']],
    ['repeats', ['Hello dear wor', 'ld, a < b & c']],
    ['answers in our XML', ['<response><text>Hello dear world, a &lt; b & c</text></response>']],
  ])('of a plain text that %s stays plain', (_what, pieces) => {
    for (const cut of [pieces, pieces.join('').split('')]) {
      let added = ''
      const continuation = createContinuation('Hello dear wor', (delta) => {
        added += delta
      })
      for (const piece of cut) continuation.push(piece)
      const text = 'Hello dear world, a < b & c'
      expect(continuation.end()).toEqual({ hasDiverged: false, text })
      expect(added).toBe('ld, a < b & c')
    }
  })

  it('is wanted only while the text is open', () => {
    expect(leavesTextOpen(`${HEAD}Hel`)).toBe(true)
    expect(leavesTextOpen('Hello, I am plain')).toBe(true)
    expect(leavesTextOpen(`${HEAD}Hello</text>\n<prov`)).toBe(false)
  })
})

describe('a continuation, wherever the answer broke off and however the rest is cut', () => {
  const WORDS = [
    'one ',
    'two, ',
    'three.\n',
    'größe ',
    '😀',
    '<b>bold</b> ',
    'x ',
    '& ',
    '日本語 ',
    '</',
    'ha ha ',
  ]
  const HOWS = ['exact', 'words', 'anew', 'anew escaped'] as const

  it.each([1, 2, 3, 4])('shows the whole text once (seed %i)', (seed) => {
    const random = createRandom(seed)
    for (let round = 0; round < 1_000; round += 1) {
      // Each word is another one: what a text says twice nobody can tell from a repetition.
      const text = Array.from({ length: 4 + random(12) }, (_, index) => {
        return `w${index}${random(90)}${WORDS[random(WORDS.length)]}`
      })
        .join('')
        .trim()
      const written = `${HEAD}${escapeText(text)}${END}`
      const from = HEAD.length + 1
      const at = from + random(written.length - END.length - from)
      const how = HOWS[random(HOWS.length)]
      const partial = written.slice(0, at)
      // Fewer repeated words than these may as well be new ones.
      const word = Math.max(HEAD.length, written.lastIndexOf(' ', Math.max(0, at - 14)) + 1)
      const rest = {
        exact: written.slice(at),
        words: written.slice(at - word < 5 ? at : word),
        anew: `${HEAD}${text}${END}`,
        'anew escaped': written,
      }[how ?? 'exact']
      const result = go(partial, cutText(rest, random))
      expect({ how, partial, rest, seen: result.seen, said: result.said }).toEqual({
        ...{ how, partial, rest },
        seen: text,
        said: text,
      })
      expect(result).toMatchObject({ isComplete: true, hasDiverged: false })
    }
  })
})
