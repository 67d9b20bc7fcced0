import { describe, expect, it } from '@jest/globals'
import { createPlaces } from '../../activities/look-places.ts'

const NEVER = new AbortController().signal

/** Work that ends when it is told to. */
function work(places: ReturnType<typeof createPlaces>, began: string[]) {
  return (name: string, signal = NEVER) => {
    const end = Promise.withResolvers<string>()
    const ended = places(signal, () => {
      began.push(name)
      return end.promise
    })
    return { ended, end: () => end.resolve(name), fail: () => end.reject(new Error(name)) }
  }
}

describe('places for looks', () => {
  it('are given in the order of those who asked, also behind work that failed', async () => {
    const began: string[] = []
    const begin = work(createPlaces(2), began)
    const [a, b, c, d] = [begin('a'), begin('b'), begin('c'), begin('d')]
    expect(began).toEqual(['a', 'b'])
    b.fail()
    await expect(b.ended).rejects.toThrow('b')
    expect(began).toEqual(['a', 'b', 'c'])
    a.end()
    expect(await a.ended).toBe('a')
    expect(began).toEqual(['a', 'b', 'c', 'd'])
    c.end()
    d.end()
    expect(await Promise.all([c.ended, d.ended])).toEqual(['c', 'd'])
    begin('e').end()
    expect(began.at(-1)).toBe('e')
  })

  it('are given to nobody who was aborted, who need not wait to hear of it', async () => {
    const began: string[] = []
    const begin = work(createPlaces(1), began)
    const gone = new AbortController()
    const a = begin('a')
    const [b, c] = [begin('b', gone.signal), begin('c')]
    gone.abort(new Error('cancelled'))
    await expect(b.ended).rejects.toThrow('cancelled')
    await expect(begin('late', gone.signal).ended).rejects.toThrow('cancelled')
    expect(began).toEqual(['a'])
    a.end()
    await a.ended
    c.end()
    expect(await c.ended).toBe('c')
    expect(began).toEqual(['a', 'c'])
  })
})
