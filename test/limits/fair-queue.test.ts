import { describe, expect, it } from '@jest/globals'
import { createFairQueue } from '../../limits/fair-queue.ts'

/** `agent/room/what`. */
const placeOf = (item: string) => {
  const [agentId = '', roomId = ''] = item.split('/')
  return { agentId, roomId }
}

function queueOf(...items: string[]) {
  const queue = createFairQueue<string>()
  for (const item of items) queue.add(placeOf(item), item)
  return queue
}

function order(queue: ReturnType<typeof queueOf>): string[] {
  const items: string[] = []
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) items.push(item)
  return items
}

describe('the order of those who wait', () => {
  it('is that of their coming within a room', () => {
    expect(order(queueOf('a/1/x', 'a/1/y', 'a/1/z'))).toEqual(['a/1/x', 'a/1/y', 'a/1/z'])
  })

  it('lets rooms of an agent take turns', () => {
    const queue = queueOf('a/1/x', 'a/1/y', 'a/1/z', 'a/2/x', 'a/3/x')
    expect(order(queue)).toEqual(['a/1/x', 'a/2/x', 'a/3/x', 'a/1/y', 'a/1/z'])
  })

  it('lets agents take turns, however many rooms one of them has', () => {
    const queue = queueOf('a/1/x', 'a/2/x', 'a/3/x', 'a/4/x', 'b/9/x', 'b/9/y')
    expect(order(queue)).toEqual(['a/1/x', 'b/9/x', 'a/2/x', 'b/9/y', 'a/3/x', 'a/4/x'])
  })

  it('gives a newcomer behind a flood its turn after one of each agent', () => {
    const flood = Array.from({ length: 50 }, (_, n) => `a/1/${n}`)
    const queue = queueOf(...flood)
    queue.shift()
    queue.add(placeOf('b/1/x'), 'b/1/x')
    expect([queue.shift(), queue.shift(), queue.shift()]).toEqual(['a/1/1', 'b/1/x', 'a/1/2'])
    expect(queue.size).toBe(47)
  })

  it('forgets who has left', () => {
    const queue = queueOf('a/1/x', 'a/1/y', 'b/1/x')
    expect(queue.remove(placeOf('a/1/x'), 'a/1/x')).toBe(true)
    expect(queue.remove(placeOf('a/1/x'), 'a/1/x')).toBe(false)
    expect(queue.remove(placeOf('c/1/x'), 'c/1/x')).toBe(false)
    expect(queue.size).toBe(2)
    expect(queue.peek()).toBe('a/1/y')
    expect(order(queue)).toEqual(['a/1/y', 'b/1/x'])
    expect(queue.peek()).toBeUndefined()
    expect(queue.size).toBe(0)
  })
})

describe('a newcomer for whom there is no room', () => {
  it('takes the place of the last in the longest line of the agent that has most', () => {
    const queue = queueOf('a/1/x', 'a/2/x', 'a/2/y', 'a/2/z', 'b/1/x')
    expect(queue.displaceFor(placeOf('b/7/x'))).toBe('a/2/z')
    expect(queue.size).toBe(4)
  })

  it('takes a place in a longer line of its own agent', () => {
    const queue = queueOf('a/1/x', 'a/1/y', 'a/1/z', 'b/1/x')
    expect(queue.displaceFor(placeOf('a/2/x'))).toBe('a/1/z')
  })

  it('takes nobody’s place when none has more than it would have', () => {
    expect(queueOf('a/1/x', 'a/1/y').displaceFor(placeOf('a/1/z'))).toBeUndefined()
    expect(queueOf('a/1/x', 'b/1/x').displaceFor(placeOf('c/1/x'))).toBeUndefined()
    expect(queueOf('a/1/x', 'a/1/y').displaceFor(placeOf('b/1/x'))).toBe('a/1/y')
    expect(queueOf().displaceFor(placeOf('a/1/x'))).toBeUndefined()
  })
})
