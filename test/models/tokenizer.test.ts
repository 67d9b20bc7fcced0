import { describe, expect, it } from '@jest/globals'
import { estimateTokens } from '../../models/token-estimate.ts'
import {
  countTokens,
  decodeTokens,
  encodeText,
  loadTokenizer,
  tokenizerOf,
} from '../../models/tokenizer.ts'
import { projectFile } from '../deploy/compose-file.ts'

const TEXTS = {
  English: projectFile('docs/turns.md').slice(0, 6_000),
  code: projectFile('models/tokenizer.ts'),
  JSON: projectFile('package.json'),
  German:
    'Die Würde des Menschen ist unantastbar. Sie zu achten und zu schützen ist Verpflichtung.',
  Finnish: 'Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan.',
  Russian: 'Все люди рождаются свободными и равными в своем достоинстве и правах.',
  Arabic: 'يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق.',
  Hindi: 'सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।',
  Chinese: '人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心。',
  Japanese: 'すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。',
  Korean: '모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.',
  emoji: '😀🎉❤️🔥🚀👍🏽',
  digits: '31415926535897932384626433832795028841971693993751',
  keys: '6f1ed002-ab5c-4b3c-8f57-2b1c2f0d7b6e AKq9Zx77LmN0pQrS8tUvWxYz12345',
  punctuation: '!@#$%^&*()_+{}|:"<>?~`-=[]\\;\',./',
  capitals: 'THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG',
}

describe('counting tokens', () => {
  it.each([
    ['gpt-5.4-mini', 'o200k_base'],
    ['gpt-4o', 'o200k_base'],
    ['gpt-4.1', 'o200k_base'],
    ['o4-mini', 'o200k_base'],
    ['openai/gpt-oss-120b', 'o200k_base'],
    ['ft:gpt-4o-mini-2024-07-18:me::1', 'o200k_base'],
    ['gpt-4-turbo', 'cl100k_base'],
    ['gpt-4', 'cl100k_base'],
    ['text-embedding-3-small', 'cl100k_base'],
    ['claude-sonnet-5', undefined],
    ['llama3', undefined],
  ])('knows the tokenizer of %s', (model, tokenizer) => {
    expect(tokenizerOf(model)).toBe(tokenizer)
  })

  it('estimates until the tokenizer is there, and is exact from then on', async () => {
    const text = 'The quick brown fox jumps over the lazy dog.'
    expect(countTokens(text, undefined)).toBe(estimateTokens(text))
    await loadTokenizer('o200k_base')
    expect(countTokens(text, 'o200k_base')).toBe(10)
  })

  it('takes the words of a command for words', async () => {
    const tokens = await encodeText('a <|endoftext|> b', 'gpt-5.4')
    expect(tokens.length).toBeGreaterThan(5)
    expect(await decodeTokens(tokens, 'gpt-5.4')).toBe('a <|endoftext|> b')
  })

  it.each([
    ['one letter', 'a'.repeat(10_000)],
    ['spaces', ' '.repeat(10_000)],
    ['lines', '\n'.repeat(10_000)],
    ['Chinese without a stop', '的'.repeat(10_000)],
    ['emoji', '😀'.repeat(10_000)],
  ])('cuts a long run of %s at every hundredth, and loses none of it', async (_, text) => {
    // Its time grows with the square of a run's length: 50,000 characters would take seconds.
    const { count, encode, decode } = await loadTokenizer('o200k_base')
    const hundred = [...text].slice(0, 100).join('')
    expect(count(text)).toBe(100 * count(hundred))
    expect(decode(encode(text))).toBe(text)
  })
})

describe('the estimate', () => {
  it.each(Object.entries(TEXTS))('is not too low for %s', async (_, text) => {
    const newer = await loadTokenizer('o200k_base')
    const older = await loadTokenizer('cl100k_base')
    expect(estimateTokens(text)).toBeGreaterThanOrEqual(newer.count(text))
    expect(estimateTokens(text)).toBeGreaterThanOrEqual(0.9 * older.count(text))
  })

  it.each(['English', 'code', 'JSON', 'German'] as const)(
    'is at most twice as high for %s',
    async (language) => {
      const { count } = await loadTokenizer('o200k_base')
      expect(estimateTokens(TEXTS[language])).toBeLessThan(2 * count(TEXTS[language]))
    },
  )

  it('of nothing is nothing', () => {
    expect(estimateTokens('')).toBe(0)
  })
})
