import { describe, expect, it } from '@jest/globals'
import { type Answer, NO_ANSWER, restarted, withChunk } from '../../cli/answer.ts'

const read = (chunks: readonly [id: string | undefined, index: number, text: string][]): Answer =>
  chunks.reduce((answer, [id, index, text]) => withChunk(answer, { id, index, text }), NO_ANSWER)

describe('an answer that streams', () => {
  it('grows by its chunks and remembers where it is', () => {
    const answer = read([
      ['1.1.0', 0, 'a'],
      ['1.1.1', 1, 'b'],
    ])
    expect(answer).toMatchObject({ text: 'ab', lastEventId: '1.1.1' })
  })

  it('ignores what it has seen before', () => {
    const answer = read([
      ['1.1.0', 0, 'a'],
      ['1.1.1', 1, 'b'],
      ['1.1.0', 0, 'a'],
      ['1.1.1', 1, 'b'],
      ['1.1.2', 2, 'c'],
    ])
    expect(answer.text).toBe('abc')
  })

  it('begins anew with a newer attempt or generation, and ignores older ones from then on', () => {
    const second = read([
      ['1.1.0', 0, 'first'],
      ['1.2.0', 0, 'second'],
      ['1.1.1', 1, ' late'],
    ])
    expect(second.text).toBe('second')
    expect(withChunk(second, { id: '2.1.0', index: 0, text: 'third' }).text).toBe('third')
    expect(withChunk(second, { id: '1.10.0', index: 0, text: 'tenth' }).text).toBe('tenth')
  })

  it('is empty after a restart', () => {
    const first = read([['1.1.0', 0, 'first']])
    const again = restarted(first, '1.2.0')
    expect(again).toMatchObject({ text: '', nextIndex: 0 })
    expect(withChunk(again, { id: '1.1.1', index: 1, text: ' late' }).text).toBe('')
    expect(withChunk(again, { id: '1.2.0', index: 0, text: 'second' }).text).toBe('second')
  })

  it('can do without ids', () => {
    const answer = read([
      [undefined, 0, 'a'],
      [undefined, 1, 'b'],
    ])
    expect(answer.text).toBe('ab')
  })
})
