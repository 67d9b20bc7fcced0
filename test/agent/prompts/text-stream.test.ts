import { describe, expect, it } from '@jest/globals'
import { parseAnswer } from '../../../agent/prompts/answer.ts'
import { createTextStream } from '../../../agent/prompts/text-stream.ts'

interface Streamed {
  /** Shown while the answer came. */
  readonly early: string
  readonly all: string
}

function stream(chunks: readonly string[]): Streamed {
  const reader = createTextStream()
  const early = chunks.map((chunk) => reader.push(chunk)).join('')
  return { early, all: early + reader.end() }
}

const byCharacter = (answer: string): string[] => answer.split('')

/** Random numbers that are the same in each run. */
function createRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >> 8) % below
  }
}

function cut(answer: string, random: (below: number) => number): string[] {
  const chunks: string[] = []
  for (let position = 0; position < answer.length; ) {
    const length = 1 + random(8)
    chunks.push(answer.slice(position, position + length))
    position += length
  }
  return chunks
}

const HEAD = '<response>\n<thought>never & seen</thought>\n<actions>REPLY</actions>\n'

describe('the text stream', () => {
  it('shows each word when it arrives', () => {
    const reader = createTextStream()
    expect(reader.push(`${HEAD}<text>`)).toBe('')
    expect(reader.push('Hello')).toBe('Hello')
    expect(reader.push(' wor')).toBe(' wor')
    expect(reader.push('ld</te')).toBe('ld')
    expect(reader.push('xt></response>')).toBe('')
    expect(reader.end()).toBe('')
  })

  it('never shows a thought, a tag of ours or half an entity', () => {
    const answer = `Sure!\n${HEAD}<text>a &amp; b &lt; <i>c</i></text></response> bye`
    expect(stream(byCharacter(answer))).toEqual({
      early: 'a & b < <i>c</i>',
      all: 'a & b < <i>c</i>',
    })
    const reader = createTextStream()
    expect(reader.push(`${HEAD}<text>x &am`)).toBe('x')
    expect(reader.push('p; y')).toBe(' & y')
  })

  it('shows nothing of a draft inside thinking aloud', () => {
    const draft = '<think><response><text>draft</text></response></think>'
    expect(stream(byCharacter(`${draft}${HEAD}<text>real</text></response>`)).early).toBe('real')
  })

  it('keeps a surrogate pair together', () => {
    const reader = createTextStream()
    expect(reader.push(`${HEAD}<text>\ud83d`)).toBe('')
    expect(reader.push('\ude00 ok')).toBe('😀 ok')
  })

  it('gives the rest of a text that was cut off', () => {
    expect(stream([`${HEAD}<text>Hello &a`])).toEqual({ early: 'Hello', all: 'Hello &a' })
    expect(stream([`${HEAD}<text>Hello </te`]).all).toBe('Hello')
  })

  it.each([
    ['prose', 'Just some words.', 'Just some words.'],
    ['JSON', '{"thought":"x","text":"Hi"}', 'Hi'],
    ['an unclosed thought', '<response><thought>x<text>Hi</text></response>', 'Hi'],
    ['CDATA', '<response><text><![CDATA[a</text>]]></text></response>', 'a</text>'],
    ['nothing', '', ''],
    ['a thought', '<response><thought>secret', ''],
  ])('holds %s back until the end', (_, answer, text) => {
    expect(stream(byCharacter(answer))).toEqual({ early: '', all: text })
  })

  it('shows nothing of an answer that only ignores', () => {
    const answer = '<response><actions>IGNORE</actions><text>shy</text></response>'
    expect(stream(byCharacter(answer)).all).toBe('')
    expect(stream(byCharacter(answer.replace('IGNORE', 'IGNORE, NONE'))).all).toBe('shy')
  })

  it('takes 200,000 pieces in time that grows with their number', () => {
    for (const part of ['word ', '<', '&', ' ', '<a b', '<text ']) {
      const startedAt = performance.now()
      stream(byCharacter(`${HEAD}<text>${part.repeat(200_000 / part.length)}`))
      expect(performance.now() - startedAt).toBeLessThan(5_000)
    }
  })
})

describe('the text stream, whatever is written and however it is cut', () => {
  const TAGS = [
    '<text>',
    '</text>',
    '<thought>',
    '</thought>',
    '<actions>',
    '</actions>',
    '<action>',
  ]
  const ENDS = [
    '</response>',
    '<simple>',
    '<think>',
    '</think>',
    '<providers/>',
    '<text a="b">',
    '</tex',
  ]
  const ODD = [
    '&amp;',
    '&am',
    '&',
    '<',
    '>',
    '</',
    '<![CDATA[',
    ']]>',
    '```',
    '&#128512;',
    '{"text":"x"}',
  ]
  const WORDS = ['Hi ', '😀', '\ud83d', ' ', '\n', 'a < b', '<b>', '</b>', '&lt;text&gt;', '\u0000']
  const PARTS = [...TAGS, ...ENDS, ...ODD, ...WORDS]

  const body = (random: (below: number) => number): string =>
    Array.from({ length: random(12) }, () => PARTS[random(PARTS.length)] ?? '').join('')

  it.each([1, 2, 3, 4])('shows what the parser reads (seed %i)', (seed) => {
    const random = createRandom(seed)
    let shownEarly = 0
    for (let round = 0; round < 3_000; round += 1) {
      const content = body(random)
      const shapes = [`${HEAD}<text>${content}</text></response>`, `<response><text>${content}`]
      const answer = shapes[round % 3] ?? content
      const { early, all } = stream(cut(answer, random))
      expect({ answer, all }).toEqual({ answer, all: parseAnswer(answer)?.text ?? '' })
      if (early !== '') shownEarly += 1
    }
    // Holding everything back until the end would be right as well, and useless.
    expect(shownEarly).toBeGreaterThan(1_000)
  })

  it('shows nothing of an answer that is held back for its providers', () => {
    const holds = (names: readonly string[]) => names.includes('FACTS')
    const shown = (providers: string) => {
      const reader = createTextStream({ holds })
      const answer = `${HEAD}<providers>${providers}</providers><text>Hello.</text></response>`
      const early = byCharacter(answer)
        .map((chunk) => reader.push(chunk))
        .join('')
      return early + reader.end()
    }
    expect(shown('FACTS')).toBe('')
    expect(shown('<provider>WORLD</provider><provider>FACTS</provider>')).toBe('')
    expect(shown('WORLD')).toBe('Hello.')
  })
})
