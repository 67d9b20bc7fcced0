import { describe, expect, it } from '@jest/globals'
import { createInProcessStream } from '../../streams/in-process.ts'
import type { StreamEvent } from '../../streams/turn-stream.ts'
import { turnStreamContract } from '../contract/turn-stream.ts'
import { eventually, read, reader, word, words } from './reading.ts'

const chunk = (seq: number, text: string): StreamEvent => ({
  kind: 'chunk',
  gen: 1,
  attempt: 1,
  seq,
  text,
})
const settled: StreamEvent = { kind: 'settled', gen: 1, attempt: 1, seq: 99, state: 'replied' }

turnStreamContract('The in-process stream', async () => {
  const stream = createInProcessStream()
  return { publisher: stream, other: stream, close: () => stream.close() }
})

describe('the in-process stream', () => {
  it('delivers a chunk before the event loop turns', async () => {
    const stream = createInProcessStream()
    const order: string[] = []
    const next = reader(stream, 'turn', AbortSignal.timeout(10_000)).next()
    const received = next.then(() => order.push('received'))
    const turned = new Promise<void>((resolve) => {
      setImmediate(() => resolve(void order.push('event loop turned')))
    })
    stream.publish('turn', chunk(0, 'at once'))
    await Promise.all([received, turned])
    expect(order).toEqual(['received', 'event loop turned'])
    await stream.close()
  })

  it('drops the oldest chunks of a turn beyond its bytes, and a slow reader skips them', async () => {
    const stream = createInProcessStream({ maxBytesPerTurn: 100 })
    const slow = reader(stream, 'turn', AbortSignal.timeout(10_000))
    stream.publish('turn', chunk(0, 'seen'))
    expect(word(await slow.next())).toBe('1.1.0 seen')
    for (let seq = 1; seq <= 50; seq += 1) stream.publish('turn', chunk(seq, 'ten bytes!'))
    expect(word(await slow.next())).toBe('1.1.41 ten bytes!')
    expect(await read(stream, 'turn', { count: 10 })).toHaveLength(10)
    await stream.close()
  })

  it('brings a single chunk that is larger than the bound', async () => {
    const stream = createInProcessStream({ maxBytesPerTurn: 10 })
    stream.publish('turn', chunk(0, 'much more than ten bytes'))
    expect(words(await read(stream, 'turn', { count: 1 }))).toEqual([
      '1.1.0 much more than ten bytes',
    ])
    await stream.close()
  })

  it('forgets settled turns first when there are too many, and never one with a reader', async () => {
    const stream = createInProcessStream({ maxTurns: 3 })
    const followed = reader(stream, 'followed', AbortSignal.timeout(10_000))
    const first = followed.next()
    stream.publish('running', chunk(0, 'a'))
    stream.publish('settled', chunk(0, 'b'))
    stream.publish('settled', settled)
    stream.publish('new', chunk(0, 'c'))
    expect(words(await read(stream, 'running', { count: 1 }))).toEqual(['1.1.0 a'])
    expect(words(await read(stream, 'new', { count: 1 }))).toEqual(['1.1.0 c'])
    for (let turn = 0; turn < 20; turn += 1) stream.publish(`more-${turn}`, chunk(0, 'd'))
    stream.publish('followed', chunk(0, 'still here'))
    expect(word(await first)).toBe('1.1.0 still here')
    expect(stream.held().turns).toBe(3)
    await stream.close()
  })

  it('forgets a settled turn after its time, and one that never settles after ten times that', async () => {
    const stream = createInProcessStream({ keepMs: 40 })
    stream.publish('settled', chunk(0, 'a'))
    stream.publish('settled', settled)
    stream.publish('abandoned', chunk(0, 'b'))
    expect(stream.held().turns).toBe(2)
    await eventually(() => expect(stream.held().turns).toBe(1))
    expect(words(await read(stream, 'abandoned', { count: 1 }))).toEqual(['1.1.0 b'])
    await eventually(() => expect(stream.held().turns).toBe(0))
    await stream.close()
  })

  it('holds nothing when its readers have left, whichever way', async () => {
    const stream = createInProcessStream()
    const controller = new AbortController()
    const aborted = Array.from({ length: 50 }, (_, turn) =>
      reader(stream, `turn-${turn}`, controller.signal).next(),
    )
    expect(stream.held()).toEqual({ turns: 50, readers: 50 })
    controller.abort()
    await Promise.all(aborted)
    stream.publish('turn', chunk(0, 'a'))
    await read(stream, 'turn', { count: 1 })
    expect(stream.held()).toEqual({ turns: 1, readers: 0 })
    await stream.close()
    expect(stream.held()).toEqual({ turns: 0, readers: 0 })
  })

  it('forgets a turn that is kept elsewhere together with its last reader', async () => {
    const stream = createInProcessStream()
    stream.relay('turn', chunk(0, 'nobody reads'))
    const first = reader(stream, 'turn', AbortSignal.timeout(10_000)).next()
    stream.relay('turn', chunk(1, 'relayed'))
    expect(word(await first)).toBe('1.1.1 relayed')
    await stream.close()
    const again = createInProcessStream()
    const next = read(again, 'turn', { count: 1 })
    again.relay('turn', chunk(0, 'once'))
    await next
    expect(again.held()).toEqual({ turns: 0, readers: 0 })
    await again.close()
  })
})
