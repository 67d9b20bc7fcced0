import { describe, expect, it } from '@jest/globals'
import { parseAnswer } from '../../../agent/prompts/answer.ts'

const said = (answer: string): string | undefined => parseAnswer(answer)?.text
const inText = (text: string): string | undefined =>
  said(`<response><thought>t</thought><actions>REPLY</actions><text>${text}</text></response>`)

describe('reading an answer', () => {
  it('finds thought, actions, providers, text and simple', () => {
    const answer = `<response>
      <thought>say hi</thought>
      <actions>REPLY, SEND_MESSAGE</actions>
      <providers>FACTS,TIME</providers>
      <text>Hello!</text>
      <simple>true</simple>
    </response>`
    expect(parseAnswer(answer)).toEqual({
      thought: 'say hi',
      actions: ['REPLY', 'SEND_MESSAGE'],
      providers: ['FACTS', 'TIME'],
      text: 'Hello!',
      simple: true,
      form: 'xml',
      isComplete: true,
    })
  })

  it.each([
    ['a comma list', 'A, B'],
    ['lines', 'A\nB'],
    ['elements', '<action>A</action><action>B</action>'],
    ['elements with names', '<action><name>A</name></action><action><name>B</name></action>'],
    ['quotes and brackets', '["A", \'B\']'],
  ])('reads actions written as %s', (_, actions) => {
    expect(parseAnswer(`<response><actions>${actions}</actions></response>`)?.actions).toEqual([
      'A',
      'B',
    ])
  })

  it.each([
    ['in a code fence', '```xml\n<response><text>Hi</text></response>\n```'],
    [
      'with prose around',
      'Sure, here it is:\n<response><text>Hi</text></response>\nAnything else?',
    ],
    [
      'after prose that names the tag',
      'I use a <response> tag. <response><text>Hi</text></response>',
    ],
    ['with attributes', '<response id="1"><text lang="en">Hi</text></response>'],
    ['in the wrong case', '<Response><TEXT>Hi</TEXT></RESPONSE>'],
    ['with an XML declaration', '<?xml version="1.0"?><response><text>Hi</text></response>'],
    ['without an end', '<response><thought>x</thought><text>Hi'],
    ['with unclosed fields', '<response><thought>x<actions>REPLY<text>Hi</response>'],
    [
      'with an unclosed text before others',
      '<response><text>Hi<actions>REPLY</actions></response>',
    ],
    ['cut within a closing tag', '<response><text>Hi</te'],
    ['cut behind a bracket', '<response><text>Hi<'],
    ['as CDATA', '<response><text><![CDATA[Hi]]></text></response>'],
    ['without a response', '<thought>x</thought>\n<text>Hi</text>'],
    ['without fields', '<response>Hi</response>'],
    ['with its beginning forgotten', 'Hi</text></response>'],
    [
      'behind thinking aloud',
      '<think>or <response><text>No</text></response>?</think><response><text>Hi</text></response>',
    ],
    [
      'behind thinking without a beginning',
      'so I say hi</think><response><text>Hi</text></response>',
    ],
    ['behind thinking without an end', '<think>hm <response><text>Hi</text></response>'],
    ['as prose behind thinking', '<think>hm</think>\n\nHi'],
    ['as prose', 'Hi'],
    ['as JSON', '{"thought": "x", "text": "Hi"}'],
    ['as JSON in a code fence', '```json\n{"response": {"text": "Hi", "actions": ["REPLY"]}}\n```'],
    ['with an empty first text', '<response><text></text><text>Hi</text></response>'],
  ])('understands an answer %s', (_, answer) => {
    expect(said(answer)).toBe('Hi')
  })

  it('takes the last complete response of several', () => {
    const one = '<response><text>one</text></response>'
    const two = '<response><text>two</text></response>'
    expect(said(`${one}${two}<response><text>thr`)).toBe('two')
    expect(said(`${one}<response><thought>empty</thought></response>`)).toBe('one')
    expect(said('<response><text>a<response><text>b')).toBe('b')
  })

  it.each([
    [
      'entities',
      '&lt;b&gt; &amp;amp; &quot;x&quot; &#39;y&#x27; &#128512;',
      `<b> &amp; "x" 'y' 😀`,
    ],
    ['bare & and <', 'a & b && c < d <3 &nothing; &', 'a & b && c < d <3 &nothing; &'],
    ['markup', '<b>hi</b> <br> </i> List<String>', '<b>hi</b> <br> </i> List<String>'],
    ['tags of ours', 'first <thought>x</thought> then', 'first <thought>x</thought> then'],
    ['text in text', '<svg><text>a</text></svg> b', '<svg><text>a</text></svg> b'],
    ['an open text in text', 'the <text> tag', 'the <text> tag'],
    ['template syntax', '{{system}} $x %s', '{{system}} $x %s'],
    ['right-to-left and emoji', 'مرحبا 👩‍👩‍👧', 'مرحبا 👩‍👩‍👧'],
    ['CDATA', 'a <![CDATA[</text> &amp; <b>]]> &amp; c', 'a </text> &amp; <b> & c'],
    ['what Postgres cannot store', 'a\u0000b &#0; &#xD800;', 'a\uFFFDb &#0; &#xD800;'],
  ])('keeps %s in a text', (_, written, text) => {
    expect(inText(written)).toBe(text)
  })

  it.each([
    ['HTML', 'Use <b>bold</b> and <p>.'],
    ['a tag of ours', 'In SVG the <text> element holds words.'],
    ['a code block', '```js\nconst a = 1\n```'],
    ['foreign JSON', '{"a": 1}'],
  ])('takes prose with %s as it is', (_, prose) => {
    expect(parseAnswer(prose)).toMatchObject({ text: prose, form: 'prose', actions: [] })
  })

  it.each([
    ['nothing', ''],
    ['blanks', ' \n\t '],
    ['only a thought', '<response><thought>hm</thought></response>'],
    ['a thought that was cut', '<response><thought>I should say'],
    ['only thinking aloud', '<think>hm, what shall I'],
    ['an empty response', '<response></response>'],
    ['JSON that was cut', '{"thought": "secret", "text": "Hel'],
    ['JSON with a thought only', '{"thought": "secret"}'],
  ])('finds nothing to say in %s', (_, answer) => {
    expect(parseAnswer(answer)).toBeUndefined()
  })

  it('tells a complete answer from one that was cut off', () => {
    expect(parseAnswer('<response><text>Hi</text></response>')?.isComplete).toBe(true)
    expect(parseAnswer('<response><text>Hi')?.isComplete).toBe(false)
    expect(parseAnswer('<thought>x</thought><text>Hi')?.isComplete).toBe(false)
  })
})

describe('a long answer', () => {
  // Twice 200 KB, so that quadratic time shows.
  const LENGTH = 400_000
  const PARTS = [
    '<',
    '&',
    '\n ',
    '</',
    '{',
    '<text>',
    '</text>',
    '<response>',
    '<think>',
    '</think>',
  ]
  const LONG = ['<![CDATA[', '<think></think>', '<actions><action>', '<text></text>x', '<response ']
  const NESTED = ['<response><text><text></text>x', '<response><thought><text>', '<a b="', '&amp;']

  it.each([...PARTS, ...LONG, ...NESTED])(
    'of %j is read in time that grows with its length',
    (part) => {
      for (const beginning of ['', '<response>', '<response><text>']) {
        const answer = beginning + part.repeat(Math.ceil(LENGTH / part.length))
        const startedAt = performance.now()
        parseAnswer(answer)
        // Linear: some 0.2 s here, the rest is room for a busy machine. Quadratic: ten and more.
        expect(performance.now() - startedAt).toBeLessThan(3_000)
      }
    },
  )

  it('is read to its last word', () => {
    const text = 'word & '.repeat(30_000).trim()
    expect(inText(text)).toBe(text)
  })
})
