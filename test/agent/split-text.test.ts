import { describe, expect, it } from '@jest/globals'
import { MAX_PARTS, sendKey } from '../../agent/send-key.ts'
import { splitText } from '../../agent/split-text.ts'

const LOREM = 'Lorem ipsum dolor sit amet, consectetur adipiscing elit. '

describe('a text that is too long for one message', () => {
  it('is cut between paragraphs, else between lines, else between words', () => {
    expect(splitText('One two.\n\nThree four.\nFive.', 24)).toEqual([
      'One two.',
      'Three four.\nFive.',
    ])
    expect(splitText('One two three.\nFour five six.', 20)).toEqual([
      'One two three.',
      'Four five six.',
    ])
    expect(splitText('One two three four five', 18)).toEqual(['One two three', 'four five'])
  })

  it('is cut inside a word only when the word is too long itself', () => {
    const parts = splitText('x'.repeat(50), 20)
    expect(parts.join('')).toBe('x'.repeat(50))
    expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(20)
  })

  it('never tears a character of two code units apart', () => {
    for (const before of ['', 'a']) {
      const parts = splitText(before + '🙂'.repeat(40), 17)
      expect(parts.join('')).toBe(before + '🙂'.repeat(40))
      expect(parts.every((part) => part.isWellFormed())).toBe(true)
    }
  })

  it('keeps each piece of code in a fence of its own', () => {
    const code = ['```ts', 'const a = 1', '  const b = 2', 'const c = 3', '```'].join('\n')
    const parts = splitText(`Look:\n\n${code}\n\nDone.`, 40)
    expect(parts).toEqual([
      'Look:\n\n```ts\nconst a = 1\n```',
      '```ts\n  const b = 2\nconst c = 3\n```',
      'Done.',
    ])
  })

  it('shows no empty fence where a cut meets the beginning or the end of code', () => {
    const parts = splitText(
      `${'word '.repeat(6)}\n\`\`\`js\ncode()\n\`\`\`\n${'more '.repeat(6)}`,
      40,
    )
    for (const part of parts) {
      expect(part).not.toMatch(/```\w*\n```/)
      expect((part.match(/^```/gm) ?? []).length % 2).toBe(0)
    }
  })

  it('loses no word, keeps every limit, and is cut the same way each time', () => {
    const text = [
      LOREM.repeat(4),
      '```\n',
      'line of code\n'.repeat(20),
      '```',
      LOREM.repeat(3),
    ].join('\n')
    for (const maxLength of [16, 33, 64, 100, 333, 2000]) {
      const parts = splitText(text, maxLength)
      expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(maxLength)
      expect(parts.every((part) => part.trim() !== '')).toBe(true)
      const letters = (value: string) => value.replace(/[`\s]/g, '')
      expect(letters(parts.join(''))).toBe(letters(text))
      expect(splitText(text, maxLength)).toEqual(parts)
    }
  })
})

describe('a text that fits', () => {
  it('is left as it is', () => {
    const text = '  Indented.\n\n```\nopen'
    expect(splitText(text, 2000)).toEqual([text])
  })

  it('makes no part without a visible character', () => {
    expect([splitText('', 20), splitText(' \n\t', 20), splitText(' '.repeat(50), 20)]).toEqual([
      [],
      [],
      [],
    ])
  })
})

describe('the key of a part', () => {
  const ID = '0b34f1c2-8a5e-4f6d-9c01-aabbccddeeff'

  it('is at most 25 characters, the same each time, and of no other part or message', () => {
    const keys = [0, 1, 35, 36, MAX_PARTS - 1].map((part) => sendKey(ID, part))
    expect(new Set([...keys, sendKey(ID.replace('0b', '0c'), 0)]).size).toBe(6)
    expect(Math.max(...keys.map((key) => key.length))).toBe(25)
    expect(sendKey(ID, 1)).toBe(keys[1])
    expect(keys.join('')).toMatch(/^[\w-]+$/)
  })
})
