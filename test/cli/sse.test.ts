import { describe, expect, it } from '@jest/globals'
import { readEvents, type ServerEvent } from '../../cli/sse.ts'

async function* inPieces(bytes: Uint8Array, sizes: () => number) {
  for (let at = 0; at < bytes.length; ) {
    const size = sizes()
    yield bytes.subarray(at, at + size)
    at += size
  }
}

async function eventsOf(text: string, sizes: () => number = () => 1_000_000) {
  const events: ServerEvent[] = []
  const bytes = new TextEncoder().encode(text)
  for await (const event of readEvents(inPieces(bytes, sizes))) events.push(event)
  return events
}

/** The same numbers for the same seed, so that a failure can be repeated. */
function randomSizes(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1103515245 + 12345) % 2 ** 31
    return 1 + (state % 7)
  }
}

describe('a stream of events', () => {
  const text = [
    '\ufeffretry: 1000\n\n',
    ': a comment\n\n',
    'event: chunk\ndata: {"chunk":"日本 🎭"}\nid: 1.1.0\n\n',
    'data: two\ndata:\ndata:  lines\n\n',
    'event: done\r\ndata: with CR LF\r\nid\r\n\r\n',
    'data: with CR\r\r',
    'event: nothing\n\n',
    'data: cut off',
  ].join('')

  const expected = [
    { event: 'chunk', data: '{"chunk":"日本 🎭"}', id: '1.1.0' },
    { event: 'message', data: 'two\n\n lines', id: '1.1.0' },
    { event: 'done', data: 'with CR LF', id: '' },
    { event: 'message', data: 'with CR', id: '' },
  ]

  it('is read as the standard says', async () => {
    expect(await eventsOf(text)).toEqual(expected)
  })

  it('is the same however its bytes are cut', async () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      expect(await eventsOf(text, randomSizes(seed))).toEqual(expected)
    }
    expect(await eventsOf(text, () => 1)).toEqual(expected)
  })
})
