import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { NotFoundError, UnavailableError } from '../../agent/errors.ts'
import type { ApiDeps } from '../../api/deps.ts'
import { followTurn, standingOf } from '../../api/follow-turn.ts'
import type { TurnResult } from '../../api/turns-port.ts'
import type { TurnState } from '../../schema/turn.ts'
import { createFakeApi, type FakeApi } from '../support/fake-api-deps.ts'

let fake: FakeApi
let turnId: string
const signal = new AbortController().signal

beforeEach(async () => {
  fake = createFakeApi()
  await fake.deps.agents.create({ name: 'Ada', bio: 'Kind.' })
  const message = {
    channelId: randomUUID(),
    authorId: randomUUID(),
    content: 'Hi',
    sourceType: 'test',
    rawMessage: {},
    metadata: {},
    isDirect: true,
  }
  const { turns } = await fake.deps.messages.accept(message)
  turnId = String(turns[0]?.turnId)
})

async function follow(deps: Pick<ApiDeps, 'turns' | 'stream'>, own = signal): Promise<string[]> {
  const kinds: string[] = []
  for await (const { kind } of followTurn(deps, turnId, { signal: own })) kinds.push(kind)
  return kinds
}

describe('a merged turn', () => {
  const standing = (state: TurnState) => {
    const merged: TurnResult = {
      ...{ turnId: 'a', agentId: 'x', state: 'merged', code: null, replyId: 'r', reply: null },
      answeredBy: 'b',
    }
    const other: TurnResult = { ...merged, turnId: 'b', state, answeredBy: null }
    const turns = {
      ...fake.deps.turns,
      result: async (id: string) => (id === 'a' ? merged : other),
    }
    return standingOf({ turns }, 'a')
  }

  it('has not ended while the one that answers for it runs', async () => {
    expect(await standing('running')).toMatchObject({ turnId: 'a', state: 'running' })
  })

  it('has ended with it, under its own id', async () => {
    expect(await standing('replied')).toMatchObject({
      turnId: 'a',
      state: 'merged',
      answeredBy: 'b',
    })
  })
})

describe('following a turn', () => {
  it('begins with how it stands and ends with its result', async () => {
    fake.say(turnId, 'Hi.', { seq: 0 })
    fake.settle(turnId, { reply: { text: 'Hi.' } })
    expect(await follow(fake.deps)).toEqual(['known', 'chunk', 'result'])
  })

  it('ends with the result when the stream breaks', async () => {
    const subscribe = async function* () {
      yield { kind: 'chunk', gen: 1, attempt: 1, seq: 0, text: 'H' } as const
      throw new Error('connection lost')
    }
    const following = follow({ ...fake.deps, stream: { ...fake.stream, subscribe } })
    fake.settle(turnId, { reply: { text: 'Hi.' } }, false)
    expect(await following).toEqual(['known', 'chunk', 'result'])
  })

  it('ends with the result when Postgres was away in between', async () => {
    let asked = 0
    const result = async (id: string) => {
      asked += 1
      if (asked === 2) throw new UnavailableError('Postgres cannot be reached.')
      if (asked === 3) fake.settle(turnId, { reply: { text: 'Hi.' } }, false)
      return fake.deps.turns.result(id)
    }
    const deps = { ...fake.deps, turns: { ...fake.deps.turns, result } }
    expect(await follow(deps)).toEqual(['known', 'result'])
    expect(asked).toBeGreaterThanOrEqual(3)
  })

  it('waits for the row when the stream calls it over too early', async () => {
    fake.stream.publish(turnId, { kind: 'settled', gen: 1, attempt: 1, seq: 0, state: 'replied' })
    const items = followTurn(fake.deps, turnId, { signal })
    await items.next()
    const ending = items.next()
    setImmediate(() => fake.settle(turnId, { reply: { text: 'Hi.' } }, false))
    expect((await ending).value).toMatchObject({ kind: 'result', result: { state: 'replied' } })
  })

  it('fails when the turn is gone', async () => {
    let asked = 0
    const result = async (id: string) => {
      asked += 1
      if (asked > 1) throw new NotFoundError('turn', id)
      return fake.deps.turns.result(id)
    }
    const deps = { ...fake.deps, turns: { ...fake.deps.turns, result } }
    await expect(follow(deps)).rejects.toThrow(NotFoundError)
  })

  it('ends without a result when it is aborted, and frees the stream', async () => {
    const stop = new AbortController()
    const following = follow(fake.deps, stop.signal)
    setImmediate(() => stop.abort())
    expect(await following).toEqual(['known'])
    expect(fake.stream.held().readers).toBe(0)
  })

  it('frees the stream when its reader stops in the middle', async () => {
    fake.say(turnId, 'Hi.', { seq: 0 })
    for await (const item of followTurn(fake.deps, turnId, { signal })) {
      if (item.kind === 'chunk') break
    }
    await new Promise(setImmediate)
    expect(fake.stream.held().readers).toBe(0)
  })
})
