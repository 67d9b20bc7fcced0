import { describe, expect, it } from '@jest/globals'
import { displayRows } from '../../cli/display-rows.ts'
import { printable, printableJson, printableLine } from '../../cli/printable.ts'

describe('text for a terminal', () => {
  it('has no control character but line feed and tab', () => {
    const every = Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code)).join('')
    const controls = [...printable(every)].filter((char) => /\p{Cc}/u.test(char))
    expect(controls).toEqual(['\t', '\n'])
  })

  it('is the same whether it comes whole or in pieces', () => {
    const text = 'a\x1b[31mb\r\nc\u0085'
    expect([...text].map(printable).join('')).toBe(printable(text))
  })

  it('keeps every language and emoji as it is', () => {
    const text = 'שלום 日本語 🎭👩‍👩‍👧 e\u0301 {{system}}'
    expect(printable(text)).toBe(text)
  })

  it('fits on one line when it must', () => {
    expect(printableLine('a\n\nb\tc')).toBe('a b c')
  })

  it('is still the same value as JSON', () => {
    const value = { text: 'a\x9b31m\x7f\x1b[2J' }
    const json = printableJson(value)
    expect(JSON.parse(json)).toEqual(value)
    expect([...json].filter((char) => /\p{Cc}/u.test(char) && char !== '\n')).toEqual([])
  })
})

describe('the rows that a text takes', () => {
  it.each([
    ['', 10, 1],
    ['1234567890', 10, 1],
    ['12345678901', 10, 2],
    ['a\nb\n', 10, 3],
    ['日本語日本語', 10, 2],
    ['a日本語日本語', 4, 4],
    ['🎭🎭🎭', 4, 2],
    ['👩‍👩‍👧👩‍👩‍👧', 4, 1],
    ['e\u0301'.repeat(10), 10, 1],
    ['\tab', 9, 2],
  ])('%j on %i columns: %i', (text, columns, rows) => {
    expect(displayRows(text, columns)).toBe(rows)
  })
})
