import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { StreamEvent, StreamItem, TurnStream } from '../../streams/turn-stream.ts'
import { read, reader, word, words } from '../streams/reading.ts'

/** Two ends of one stream: two processes where the implementation joins processes. */
export interface StreamPair {
  readonly publisher: TurnStream
  readonly other: TurnStream
  close(): Promise<void>
}

/** What every turn stream does, whatever carries it. */
export function turnStreamContract(name: string, open: () => Promise<StreamPair>): void {
  describe(`${name} as a turn stream`, () => {
    let pair: StreamPair
    beforeAll(async () => {
      pair = await open()
    })
    afterAll(() => pair.close())
    readingAndResuming(() => pair)
    newerAttempts(() => pair)
    endings(() => pair, open)
    sizes(() => pair)
  })
}

const chunk = (position: string, text: string): StreamEvent => ({
  kind: 'chunk',
  text,
  ...at(position),
})
const settled = (position: string): StreamEvent => ({
  kind: 'settled',
  state: 'replied',
  ...at(position),
})

function at(position: string) {
  const [gen = 0, attempt = 0, seq = 0] = position.split('.').map(Number)
  return { gen, attempt, seq }
}

function say(stream: TurnStream, turnId: string, attempt: string, texts: readonly string[]): void {
  for (const [seq, text] of texts.entries())
    stream.publish(turnId, chunk(`${attempt}.${seq}`, text))
}

function readingAndResuming(pair: () => StreamPair): void {
  it('brings chunks in their order, then the ending, to readers at both ends', async () => {
    const { publisher, other } = pair()
    const turnId = randomUUID()
    const readers = [read(other, turnId), read(publisher, turnId), read(other, turnId)]
    say(publisher, turnId, '1.1', ['Good ', 'morning', '.'])
    publisher.publish(turnId, settled('1.1.3'))
    const expected = ['1.1.0 Good ', '1.1.1 morning', '1.1.2 .', '1.1.3 settled']
    for (const items of await Promise.all(readers)) expect(words(items)).toEqual(expected)
  })

  it('brings each chunk before the next one is said', async () => {
    const { publisher, other } = pair()
    const turnId = randomUUID()
    const deadline = AbortSignal.timeout(10_000)
    const live = reader(other, turnId, deadline)
    for (const [seq, text] of ['a', 'b', 'c'].entries()) {
      publisher.publish(turnId, chunk(`1.1.${seq}`, text))
      expect(word(await live.next())).toBe(`1.1.${seq} ${text}`)
    }
    publisher.publish(turnId, settled('1.1.3'))
    expect(word(await live.next())).toBe('1.1.3 settled')
    expect(word(await live.next())).toBe('end')
  })

  it('begins with the first chunk for a reader that comes late', async () => {
    const { publisher, other } = pair()
    const turnId = randomUUID()
    say(publisher, turnId, '1.1', ['a', 'b'])
    await read(other, turnId, { count: 2 })
    const late = [read(other, turnId, { count: 2 }), read(publisher, turnId, { count: 2 })]
    for (const items of await Promise.all(late))
      expect(words(items)).toEqual(['1.1.0 a', '1.1.1 b'])
  })

  it('resumes behind a position that was reached at the other end', async () => {
    const { publisher, other } = pair()
    const turnId = randomUUID()
    say(publisher, turnId, '1.1', ['a', 'b', 'c', 'd'])
    const [, reached] = await read(publisher, turnId, { count: 2 })
    const rest = read(other, turnId, { after: reached })
    publisher.publish(turnId, settled('1.1.4'))
    expect(words(await rest)).toEqual(['1.1.2 c', '1.1.3 d', '1.1.4 settled'])
  })

  it('delivers a repeated chunk once', async () => {
    const { publisher, other } = pair()
    const turnId = randomUUID()
    say(publisher, turnId, '1.1', ['a', 'b'])
    say(publisher, turnId, '1.1', ['a', 'b', 'c'])
    publisher.publish(turnId, settled('1.1.3'))
    expect(words(await read(other, turnId))).toEqual([
      '1.1.0 a',
      '1.1.1 b',
      '1.1.2 c',
      '1.1.3 settled',
    ])
  })
}

function newerAttempts(pair: () => StreamPair): void {
  it('says restart, once, when a newer attempt begins, and nothing of the older one after it', async () => {
    const { publisher, other } = pair()
    const turnId = randomUUID()
    const live = reader(other, turnId, AbortSignal.timeout(10_000))
    publisher.publish(turnId, chunk('1.1.0', 'old'))
    expect(word(await live.next())).toBe('1.1.0 old')
    publisher.publish(turnId, chunk('1.2.0', 'new'))
    publisher.publish(turnId, chunk('1.1.1', 'late words of a zombie'))
    publisher.publish(turnId, chunk('1.2.1', 'er'))
    publisher.publish(turnId, settled('1.2.2'))
    const items: StreamItem[] = []
    for (let item = await live.next(); item; item = await live.next()) items.push(item)
    expect(words(items)).toEqual(['1.1.0 restart', '1.2.0 new', '1.2.1 er', '1.2.2 settled'])
  })

  it('drops what a zombie says at the other end', async () => {
    const { publisher, other } = pair()
    const turnId = randomUUID()
    const live = reader(other, turnId, AbortSignal.timeout(10_000))
    publisher.publish(turnId, chunk('1.2.0', 'answer'))
    expect(word(await live.next())).toBe('1.2.0 answer')
    say(other, turnId, '1.1', ['zombie', ' zombie'])
    publisher.publish(turnId, settled('1.2.1'))
    expect(word(await live.next())).toBe('1.2.1 settled')
  })

  it('shows a reader that comes late the newest attempt only, without a restart', async () => {
    const { publisher, other } = pair()
    const turnId = randomUUID()
    say(publisher, turnId, '1.1', ['old', 'old'])
    say(publisher, turnId, '1.2', ['new'])
    await read(publisher, turnId, { count: 1 })
    publisher.publish(turnId, settled('1.2.1'))
    expect(words(await read(other, turnId))).toEqual(['1.2.0 new', '1.2.1 settled'])
  })

  it('says restart first to a reader that resumes in an older attempt', async () => {
    const { publisher, other } = pair()
    const turnId = randomUUID()
    say(publisher, turnId, '1.2', ['new', 'er'])
    const after = { gen: 1, attempt: 1, seq: 7 }
    const items = await read(other, turnId, { after, count: 3 })
    expect(words(items)).toEqual(['1.1.7 restart', '1.2.0 new', '1.2.1 er'])
    expect(words(await read(other, turnId, { after: items[0], count: 2 }))).toEqual([
      '1.1.7 restart',
      '1.2.0 new',
    ])
  })

  it('follows a turn that is taken up again, and keeps its old ending from those who ask so', async () => {
    const { publisher, other } = pair()
    const turnId = randomUUID()
    say(publisher, turnId, '1.3', ['sorry'])
    publisher.publish(turnId, settled('1.3.1'))
    await read(other, turnId)
    const next = read(other, turnId, { after: { gen: 2, attempt: 0, seq: 0 } })
    say(publisher, turnId, '2.1', ['here'])
    publisher.publish(turnId, settled('2.1.1'))
    expect(words(await next)).toEqual(['2.1.0 here', '2.1.1 settled'])
  })
}

function endings(pair: () => StreamPair, open: () => Promise<StreamPair>): void {
  it('ends for a reader that comes after the ending, and for one that saw everything', async () => {
    const { publisher, other } = pair()
    const turnId = randomUUID()
    say(publisher, turnId, '1.1', ['a'])
    publisher.publish(turnId, settled('1.1.1'))
    publisher.publish(turnId, chunk('1.1.2', 'too late'))
    expect(words(await read(other, turnId))).toEqual(['1.1.0 a', '1.1.1 settled'])
    const after = { gen: 1, attempt: 1, seq: 1 }
    expect(words(await read(other, turnId, { after }))).toEqual(['1.1.1 settled'])
  })

  it('ends a turn whose ending knows neither attempt nor seq', async () => {
    const { publisher, other } = pair()
    const turnId = randomUUID()
    const live = reader(other, turnId, AbortSignal.timeout(10_000))
    publisher.publish(turnId, chunk('1.4.0', 'cut'))
    expect(word(await live.next())).toBe('1.4.0 cut')
    publisher.publish(turnId, { kind: 'settled', state: 'timed_out', gen: 1, attempt: 1, seq: 0 })
    expect(await live.next()).toMatchObject({ kind: 'settled', state: 'timed_out' })
  })

  it('ends a waiting reader when its signal is aborted, and one that comes with it aborted', async () => {
    const { other } = pair()
    const controller = new AbortController()
    const waiting = reader(other, randomUUID(), controller.signal).next()
    controller.abort()
    expect(word(await waiting)).toBe('end')
    expect(word(await reader(other, randomUUID(), controller.signal).next())).toBe('end')
  })

  it('ends its readers when it is closed, and swallows what is published later', async () => {
    const { publisher, other, close } = await open()
    const turnId = randomUUID()
    const waiting = reader(other, turnId, AbortSignal.timeout(10_000)).next()
    await close()
    expect(word(await waiting)).toBe('end')
    publisher.publish(turnId, chunk('1.1.0', 'into the void'))
    expect(words(await read(other, turnId))).toEqual([])
  })
}

function sizes(pair: () => StreamPair): void {
  it('keeps 100 turns apart that speak at the same time', async () => {
    const { publisher, other } = pair()
    const turnIds = Array.from({ length: 100 }, () => randomUUID())
    const reading = turnIds.map((turnId) => read(other, turnId))
    for (let seq = 0; seq < 20; seq += 1) {
      for (const turnId of turnIds)
        publisher.publish(turnId, chunk(`1.1.${seq}`, `${turnId} ${seq}`))
      if (seq % 5 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    for (const turnId of turnIds) publisher.publish(turnId, settled('1.1.20'))
    for (const [index, items] of (await Promise.all(reading)).entries()) {
      const said = Array.from({ length: 20 }, (_, seq) => `1.1.${seq} ${turnIds[index]} ${seq}`)
      expect(words(items)).toEqual([...said, '1.1.20 settled'])
    }
  })

  it('carries a chunk of 100,000 characters, and text no database likes, as it was', async () => {
    const { publisher, other } = pair()
    const turnId = randomUUID()
    const texts = [
      'שלום 🌍 '.repeat(12_500),
      '\0{{system}}\\u0000',
      '\ud83c',
      '\udf0d',
      '',
      "'; --",
    ]
    say(publisher, turnId, '1.1', texts)
    publisher.publish(turnId, settled(`1.1.${texts.length}`))
    const items = await read(other, turnId)
    expect(items.flatMap((item) => (item.kind === 'chunk' ? [item.text] : []))).toEqual(texts)
  })

  it('gives everything to a reader that pauses while thousands of chunks are said', async () => {
    const { publisher, other } = pair()
    const turnId = randomUUID()
    const slow = reader(other, turnId, AbortSignal.timeout(20_000))
    publisher.publish(turnId, chunk('1.1.0', '0'))
    expect(word(await slow.next())).toBe('1.1.0 0')
    for (let seq = 1; seq < 5_000; seq += 1)
      publisher.publish(turnId, chunk(`1.1.${seq}`, `${seq}`))
    publisher.publish(turnId, settled('1.1.5000'))
    await read(other, turnId)
    for (let seq = 1; seq < 5_000; seq += 1)
      expect(word(await slow.next())).toBe(`1.1.${seq} ${seq}`)
    expect(word(await slow.next())).toBe('1.1.5000 settled')
  })
}
