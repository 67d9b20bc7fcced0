import { describe, expect, it } from '@jest/globals'
import { wordsOf } from '../../agent/words-of.ts'

const mute = {
  toString() {
    throw new Error('No.')
  },
}

describe('what was thrown', () => {
  it.each([
    [new Error('The lamp is not there.'), 'The lamp is not there.'],
    ['only a text', 'only a text'],
    [null, 'null'],
    [undefined, 'undefined'],
    [7n, '7'],
    [Object.create(null), 'Something was thrown that has no text.'],
    [mute, 'Something was thrown that has no text.'],
    [
      Object.assign(new Error(), { message: Object.create(null) }),
      'Something was thrown that has no text.',
    ],
  ])('has words, whatever it is (%#)', (thrown, words) => {
    expect(wordsOf(thrown)).toBe(words)
  })
})
