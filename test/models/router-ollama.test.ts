import { describe, expect, it } from '@jest/globals'
import { findOllama } from '../../models/ollama-find.ts'
import { createOllamaLookup } from '../../models/ollama-lookup.ts'
import { startOllamaList } from './ollama-list.ts'

/** Looks whose ends can be waited for, and a clock that is set by hand. */
function lookout(find: typeof findOllama) {
  const looks: ReturnType<typeof findOllama>[] = []
  const clock = { ms: 0 }
  const watched: typeof findOllama = (...args) => {
    const look = find(...args)
    looks.push(look)
    return look
  }
  const lookup = createOllamaLookup(watched, () => clock.ms)
  return {
    lookup,
    looks: () => looks.length,
    async later(ms: number, baseUrl?: string) {
      clock.ms += ms
      const answer = await lookup(baseUrl)
      await looks.at(-1)
      return answer
    },
  }
}

describe('looking for an Ollama', () => {
  it('does not forget one that was seen when it does not answer', async () => {
    const ollama = await startOllamaList(['qwen3:8b'])
    const { later, looks } = lookout((url) => findOllama(url, 10_000))
    expect(await later(0, ollama.url)).toEqual(['qwen3:8b'])
    await ollama.close()
    for (let i = 0; i < 3; i++) expect(await later(31_000, ollama.url)).toEqual(['qwen3:8b'])
    expect(looks()).toBe(4)
  })

  it('goes on in the background, and takes what it finds', async () => {
    const found = [['first'], undefined, ['second'], []]
    const { later } = lookout(async () => found.shift())
    expect(await later(0)).toEqual(['first'])
    expect(await later(31_000)).toEqual(['first'])
    expect(await later(3_000)).toEqual(['first'])
    expect(await later(1)).toEqual(['second'])
    expect(await later(31_000)).toEqual(['second'])
    expect(await later(1)).toEqual([])
  })

  it('soon looks again where none was found', async () => {
    const found = [undefined, ['late']]
    const { later, looks } = lookout(async () => found.shift())
    expect(await later(0)).toBeUndefined()
    expect(await later(1_000)).toBeUndefined()
    expect(looks()).toBe(1)
    expect(await later(2_000)).toBeUndefined()
    expect(await later(1)).toEqual(['late'])
  })

  it('does not forget the one beside us for the addresses of agents', async () => {
    const found = [['here']]
    const { later, lookup } = lookout(async (url) => (url ? [url] : found.shift()))
    expect(await later(0)).toEqual(['here'])
    for (let i = 0; i < 150; i++) await lookup(`http://127.0.0.1:${i + 1}`)
    expect(await later(0)).toEqual(['here'])
  })
})
