import { describe, expect, it } from '@jest/globals'
import { MessageRefusedError, RateLimitedError } from '../../agent/errors.ts'
import type { AcceptedMessage, NewMessage } from '../../api/deps.ts'
import type { TurnResult } from '../../api/turns-port.ts'
import type { Arrival } from '../../bin/api/around.ts'
import { createMiddleware, type Middleware } from '../../orchestrator/middleware.ts'
import { createRequestRates, inOrder } from '../../orchestrator/request-rates.ts'

const message: NewMessage = {
  ...{ channelId: 'c', authorId: 'p', content: 'Hello', sourceType: 'test', isDirect: true },
  ...{ rawMessage: {}, metadata: { mood: 'good' } },
}

const arrivalFor = (...agentIds: string[]): Arrival => ({
  message,
  door: 'program',
  hearers: agentIds.map((agentId) => ({
    ...{ agentId, roomId: `room of ${agentId}`, entityId: 'e', worldId: 'w', memoryId: 'm' },
    ...{ turnId: `turn of ${agentId}`, overlap: { policy: 'enqueue', burstMs: 0 } },
  })),
})

const acceptedBy = (arrival: Arrival): AcceptedMessage => ({
  message: {
    ...{ id: 'm', channelId: 'c', messageServerId: 's', authorId: 'p', content: 'Hello' },
    ...{ sourceType: 'test', sourceId: null, inReplyTo: null, rawMessage: {}, metadata: {} },
    ...{ turnId: null, createdAt: 0 },
  },
  turns: arrival.hearers.map(({ turnId, agentId }) => ({ turnId, agentId, state: 'queued' })),
  isRepeat: false,
})

const resultOf = (turnId: string): TurnResult => ({
  ...{ turnId, agentId: 'a', state: 'replied', code: null, replyId: 'r', answeredBy: null },
  reply: { text: 'Hi.' },
})

function door(stack: readonly Middleware[], limitMs?: number) {
  const late: unknown[] = []
  const pending: Promise<void>[] = []
  const stored: Arrival[] = []
  const ending = Promise.withResolvers<void>()
  const around = createMiddleware({
    stack: () => stack,
    ended: async ({ turnId }) => {
      await ending.promise
      return resultOf(turnId)
    },
    isAuthenticated: ({ door: from }) => from === 'program',
    onLateError: (_context, error) => late.push(error),
    track: (work) => pending.push(work),
    limitMs,
  })
  const post = (arrival: Arrival) =>
    around(arrival, async () => {
      stored.push(arrival)
      return acceptedBy(arrival)
    })
  const endTurns = async () => {
    ending.resolve()
    await Promise.all(pending)
  }
  return { post, stored, late, endTurns }
}

describe('middleware', () => {
  it('stands around the turn: what follows next() sees how it ended', async () => {
    const seen: unknown[] = []
    const house = door([
      async (context, next) => {
        seen.push(`before ${context.agentId} in ${context.roomId}, ${context.authenticated}`)
        await next()
        seen.push(context.turn?.reply)
      },
      async ({ metadata }, next) => {
        seen.push(metadata)
        await next()
        seen.push('inner')
      },
    ])
    const accepted = await house.post(arrivalFor('ada'))
    expect(accepted.turns[0]?.turnId).toBe('turn of ada')
    // Stored, while the turn still runs: nobody waited for its end.
    expect(seen).toEqual(['before ada in room of ada, true', { mood: 'good' }])
    await house.endTurns()
    expect(seen.slice(2)).toEqual(['inner', { text: 'Hi.' }])
  })

  it('refuses a message by throwing before next(), and nothing is stored', async () => {
    const house = door([
      () => {
        throw new Error('Unauthorized')
      },
    ])
    const posted = house.post(arrivalFor('ada'))
    await expect(posted).rejects.toThrow(MessageRefusedError)
    await expect(posted).rejects.toMatchObject({ code: 'message_refused', message: 'Unauthorized' })
    expect(house.stored).toEqual([])
  })

  it('refuses a message that it does not let through, or not in time', async () => {
    const silent = door([() => undefined])
    await expect(silent.post(arrivalFor('ada'))).rejects.toThrow('without calling next()')
    const slow = door([() => new Promise(() => undefined)], 20)
    await expect(slow.post(arrivalFor('ada'))).rejects.toThrow('within 0.02 s')
    expect([...silent.stored, ...slow.stored]).toEqual([])
  })

  it('does not store a message late that was refused for its slowness', async () => {
    const gate = Promise.withResolvers<void>()
    const house = door([(_context, next) => gate.promise.then(next)], 20)
    await expect(house.post(arrivalFor('ada'))).rejects.toThrow(MessageRefusedError)
    gate.resolve()
    await house.endTurns()
    expect(house.stored).toEqual([])
  })

  it('lets the turn stand when it throws after next(), and says so', async () => {
    const house = door([
      async (_context, next) => {
        await next()
        throw new Error('too late')
      },
    ])
    await house.post(arrivalFor('ada'))
    await house.endTurns()
    expect(house.stored).toHaveLength(1)
    expect(house.late).toMatchObject([{ message: 'too late' }])
  })

  it('is asked once for each agent, and one refusal is enough', async () => {
    const asked: string[] = []
    const house = door([
      async ({ agentId }, next) => {
        asked.push(agentId)
        if (agentId === 'bob') throw new Error('Not Bob.')
        await next()
      },
    ])
    await expect(house.post(arrivalFor('ada', 'bob'))).rejects.toThrow('Not Bob.')
    expect(asked).toEqual(['ada', 'bob'])
    expect(house.stored).toEqual([])
    expect((await house.post(arrivalFor('ada', 'eve'))).turns).toHaveLength(2)
    expect(house.stored).toHaveLength(1)
  })

  it('of one message does not hold up another one', async () => {
    const gate = Promise.withResolvers<void>()
    let isFirst = true
    const house = door([
      async (_context, next) => {
        const waits = isFirst
        isFirst = false
        if (waits) await gate.promise
        await next()
      },
    ])
    const first = house.post(arrivalFor('ada'))
    await house.post(arrivalFor('bob'))
    expect(house.stored.map(({ hearers }) => hearers[0]?.agentId)).toEqual(['bob'])
    gate.resolve()
    await first
    await house.endTurns()
  })
})

describe('requests per minute', () => {
  it('are refused beyond the limit with the time to come back, by agent', async () => {
    let now = 0
    const rates = createRequestRates(2, () => now)
    const post = (agentId: string, isRepeat = false) => {
      const arrival = arrivalFor(agentId)
      return rates(arrival, async () => ({ ...acceptedBy(arrival), isRepeat }))
    }
    await post('ada')
    await post('ada', true) // known already: it does not count
    now = 20_000
    await post('ada')
    const third = post('ada')
    await expect(third).rejects.toThrow(RateLimitedError)
    await expect(third).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 40_000 })
    await post('bob')
    now = 60_001
    await post('ada')
  })

  it('do not count a message that could not be stored', async () => {
    const rates = createRequestRates(1, () => 0)
    const arrival = arrivalFor('ada')
    const failing = rates(arrival, () => Promise.reject(new Error('Postgres is away')))
    await expect(failing).rejects.toThrow('Postgres is away')
    expect(await rates(arrival, async () => acceptedBy(arrival))).toMatchObject({ isRepeat: false })
  })

  it('are counted behind middleware: what it turns away takes no place', async () => {
    const rates = createRequestRates(1, () => 0)
    const refusing = inOrder(() => Promise.reject(new Error('No.')), rates)
    const arrival = arrivalFor('ada')
    await expect(refusing(arrival, async () => acceptedBy(arrival))).rejects.toThrow('No.')
    expect(await rates(arrival, async () => acceptedBy(arrival))).toMatchObject({ isRepeat: false })
  })
})
