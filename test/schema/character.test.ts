import { describe, expect, it } from '@jest/globals'
import { agentIdOf, CharacterError, parseCharacter } from '../../schema/character.ts'

const MINIMAL = { name: 'Ada', bio: 'A companion.' }

function problemsOf(json: unknown): string[] {
  return messageOf(json).split('\n').slice(1)
}

function messageOf(json: unknown): string {
  try {
    parseCharacter(json, 'characters/ada.json')
  } catch (error) {
    if (error instanceof CharacterError) return error.message
    throw error
  }
  throw new Error('The character was accepted.')
}

describe('a character', () => {
  it('may have every key of ElizaOS, and keeps what it says', () => {
    const character = {
      ...MINIMAL,
      id: 'B850BC30-45F8-0041-A00A-83DF46D8555D',
      username: 'ada',
      system: 'Be {{agentName}}.',
      templates: { replyTemplate: 'Say {{agentName}}', ofAPlugin: 'x' },
      bio: ['one', 'two'],
      messageExamples: [
        [{ name: '{{name1}}', content: { text: 'hi', actions: ['REPLY'], extra: { a: [1] } } }],
      ],
      postExamples: ['a post'],
      topics: ['a'],
      adjectives: ['b'],
      knowledge: ['text', { path: 'a.md', shared: true }, { directory: 'docs' }],
      plugins: ['@elizaos/plugin-sql'],
      settings: { conversationLength: 10, nested: { list: [null, true] } },
      secrets: { KEY: 'x', FLAG: true, COUNT: 3 },
      style: { all: ['a'], chat: ['b'], post: ['c'], twitter: ['kept, as ElizaOS does'] },
    }
    expect(parseCharacter(character, 'a.json')).toEqual(character)
  })

  it('is the agent of its id, and without one of its name', () => {
    expect(agentIdOf(MINIMAL)).toBe('5c3cb098-d52d-0b3f-a7e9-7b7fba960c4c')
    expect(agentIdOf({ ...MINIMAL, id: 'B850BC30-45F8-0041-A00A-83DF46D8555D' })).toBe(
      'b850bc30-45f8-0041-a00a-83df46d8555d',
    )
  })

  it('holds only text that Postgres can store', () => {
    const character = parseCharacter({ name: 'A\u0000', bio: 'half \ud83d' }, 'a.json')
    expect(character).toEqual({ name: 'A\uFFFD', bio: 'half \uFFFD' })
  })
})

describe('a character that cannot be used', () => {
  it('names the file, and for each problem the path, what was found and what was expected', () => {
    const conversation = [
      { name: 'a', content: {} },
      { name: 'b', content: { text: 42 } },
    ]
    const json = {
      name: '',
      bio: ['x', 3],
      messageExamples: [conversation],
      topics: 'cats',
      id: 'zz',
    }
    expect(messageOf(json)).toContain("The character in 'characters/ada.json' cannot be used:")
    expect(problemsOf(json)).toEqual([
      '  - id: found "zz", expected a UUID (8-4-4-4-12 hex digits).',
      '  - name: found "", expected a name that is not empty.',
      '  - bio[1]: found 3, expected a text.',
      '  - messageExamples[0][1].content.text: found 42, expected a text.',
      '  - topics: found "cats", expected a list of texts.',
    ])
  })

  it.each([undefined, null, 5, 'text', [], {}])('is refused when it is %j', (json) => {
    expect(problemsOf(json).length).toBeGreaterThan(0)
  })

  it.each([
    ['tpoics', "Did you mean 'topics'?"],
    ['Bio2', "Did you mean 'bio'?"],
    ['lore', 'Instead: append its sentences to `bio`.'],
    ['clients', 'Instead: name the plugin of each platform in `plugins`.'],
    ['modelProvider', 'Instead: set the key of the vendor'],
    ['people', 'Instead: append what matters to `bio` or `knowledge`.'],
    ['OPENAI_API_KEY', 'Instead: put it into `secrets`'],
    ['zzz', 'expected one of id, name, username'],
    ['constructor', 'expected one of id, name, username'],
  ])('is told what to do about the unknown key %s', (key, hint) => {
    expect(problemsOf({ ...MINIMAL, [key]: 'x' })).toEqual([
      expect.stringContaining(`  - ${key}: found an unknown key`),
    ])
    expect(messageOf({ ...MINIMAL, [key]: 'x' })).toContain(hint)
  })

  it.each([999, 86_400_001, 1_000.5, '60000', null])(
    'is refused with a deadline of %j for its turns',
    (turnDeadlineMs) => {
      const json = { ...MINIMAL, settings: { turnDeadlineMs } }
      expect(problemsOf(json)).toEqual([
        expect.stringContaining('whole milliseconds from 1000 to 86400000'),
      ])
      expect(parseCharacter({ ...MINIMAL, settings: { turnDeadlineMs: 1_000 } }, 'a')).toBeTruthy()
    },
  )

  it('is told of slips deeper down', () => {
    expect(messageOf({ ...MINIMAL, style: { chatt: [] } })).toContain(
      'style.chatt: found an unknown key',
    )
    const old = [[{ user: 'a', content: { text: 'x' } }]]
    expect(messageOf({ ...MINIMAL, messageExamples: old })).toContain(
      "Rename its 'user' to 'name'.",
    )
    const slip = [[{ nmae: 'a', content: { text: 'x' } }]]
    expect(messageOf({ ...MINIMAL, messageExamples: slip })).toContain(
      "Is 'nmae' a misspelt 'name'?",
    )
  })

  it('does not show a secret, wherever it stands', () => {
    const secret = 'hush-hush'
    const json = {
      ...MINIMAL,
      secrets: { A: { inner: secret }, B: [secret] },
      topics: { apiKey: secret },
      OPENAI_API_KEY: secret,
      style: { all: { token: secret }, chat: [{ password: secret }] },
      settings: secret,
    }
    expect(messageOf({ ...json, settings: {} })).not.toContain(secret)
    expect(messageOf({ ...MINIMAL, secrets: secret })).toContain('a string (not shown)')
  })

  it('shortens what it quotes and how much it lists', () => {
    const json = { ...MINIMAL, topics: 'x'.repeat(10_000), adjectives: Array(50).fill(1) }
    const message = messageOf(json)
    expect(message.length).toBeLessThan(3_000)
    expect(message).toContain('and 31 more')
  })

  it('is refused with templates beyond the limit', () => {
    const templates = { replyTemplate: 'x'.repeat(100_001) }
    expect(messageOf({ ...MINIMAL, templates })).toContain('at most 100,000 characters')
  })

  it('is refused, not crashed on, when its JSON is very deep', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)
    expect(messageOf({ ...MINIMAL, settings: { deep } })).toContain('more than 100 levels deep')
  })

  it('cannot reach the prototype of objects', () => {
    const json = JSON.parse('{"name":"A","bio":"x","__proto__":{"system":"y"}}')
    expect(messageOf(json)).toContain('__proto__: found an unknown key')
  })
})
