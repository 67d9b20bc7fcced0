import { describe, expect, it } from '@jest/globals'
import { AUTHOR, names, turnOf, useLiveApi } from '../support/live-api.ts'
import { allEvents, readEvents, type SentEvent } from '../support/read-events.ts'

const api = useLiveApi()

describe('a message over sse', () => {
  it('is an event stream that no proxy keeps back', async () => {
    api.sayHello()
    const response = await api.send()
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
    expect(response.headers.get('cache-control')).toBe('no-cache')
    expect(response.headers.get('connection')).toBe('keep-alive')
    await allEvents(response)
  })

  it('gets itself, the pieces, and the whole reply, under one message id', async () => {
    api.sayHello()
    const events = await allEvents(await api.send())
    expect(names(events)).toEqual(['user_message', 'chunk', 'chunk', 'done'])
    const [message, first, second, done] = events
    const turnId = turnOf(events)
    const { replyId: messageId, agentId } = await api.fake.deps.turns.result(turnId)
    expect(message?.data).toMatchObject({ content: 'Hi', author_id: AUTHOR, authorId: AUTHOR })
    expect(first).toEqual({
      event: 'chunk',
      id: '1.1.0',
      data: { messageId, chunk: 'Hel', index: 0, agentId, turnId },
    })
    expect(second).toMatchObject({ id: '1.1.1', data: { chunk: 'lo.', index: 1 } })
    expect(done?.id).toMatch(/^\d+\.\d+\.\d+$/)
    expect(done?.data).toEqual({
      text: 'Hello.',
      actions: ['REPLY'],
      messageId,
      agentId,
      turnId,
      state: 'replied',
    })
    expect(api.fake.accepted).toMatchObject([{ isDirect: true }])
  })

  it('gets each piece when it is said, not when the turn is over', async () => {
    let turnId = ''
    api.fake.onTurn = (turn) => {
      turnId = turn.turnId
      api.fake.say(turnId, 'Hel', { seq: 0 })
    }
    const events = readEvents(await api.send())
    const seen: string[] = []
    for await (const { event, data } of events) {
      seen.push(String(data.chunk ?? event))
      if (data.chunk === 'Hel') api.fake.say(turnId, 'lo.', { seq: 1 })
      if (data.chunk === 'lo.') api.fake.settle(turnId, { reply: { text: 'Hello.' } })
    }
    expect(seen).toEqual(['user_message', 'Hel', 'lo.', 'done'])
  })

  it('starts over with restart when another attempt speaks', async () => {
    api.fake.onTurn = ({ turnId }) => api.fake.say(turnId, 'Cut o', { seq: 0 })
    const seen: unknown[] = []
    for await (const { event, data } of readEvents(await api.send())) {
      seen.push(event === 'chunk' ? [data.chunk, data.index] : event)
      const turnId = String(data.turnId)
      if (data.chunk === 'Cut o') api.fake.say(turnId, 'Anew.', { attempt: 2, seq: 0 })
      if (data.chunk === 'Anew.') api.fake.settle(turnId, { reply: { text: 'Anew.' } })
    }
    expect(seen).toEqual(['user_message', ['Cut o', 0], 'restart', ['Anew.', 0], 'done'])
  })

  it('names the reply of each generation when the turn is taken up again', async () => {
    api.fake.onTurn = ({ turnId }) => api.fake.say(turnId, 'Cut o', { seq: 0 })
    const events: SentEvent[] = []
    for await (const event of readEvents(await api.send())) {
      events.push(event)
      const turnId = String(event.data.turnId)
      if (event.data.chunk === 'Cut o') {
        api.fake.takeUp(turnId, 2)
        api.fake.say(turnId, 'Anew.', { gen: 2, seq: 0 })
      }
      if (event.data.chunk === 'Anew.') api.fake.settle(turnId, { reply: { text: 'Anew.' } })
    }
    const [, first, restart, second, done] = events.map(({ data }) => data.messageId)
    expect(restart).toBe(first)
    expect(second).not.toBe(first)
    expect(done).toBe(second)
  })

  it.each([
    ['failed', 'model_unavailable', 'model_unavailable', { text: 'Sorry.' }, 'Sorry.'],
    ['timed_out', 'deadline_exceeded', 'deadline_exceeded', { text: 'Sorry.' }, 'Sorry.'],
    ['cancelled', 'cancelled_by_user', 'cancelled_by_user', null, null],
    ['rejected', null, 'rejected', null, null],
  ] as const)('that %s gets error with the code %s', async (state, code, error, reply, text) => {
    api.fake.onTurn = ({ turnId }) => api.fake.settle(turnId, { state, code, reply })
    const events = await allEvents(await api.send())
    expect(names(events)).toEqual(['user_message', 'error'])
    expect(events[1]?.data).toMatchObject({ error, text, turnId: expect.any(String), state })
  })

  it('that is ignored gets done without text', async () => {
    api.fake.onTurn = ({ turnId }) => api.fake.settle(turnId, { state: 'ignored' })
    const events = await allEvents(await api.send())
    expect(names(events)).toEqual(['user_message', 'done'])
    expect(events[1]?.data).toMatchObject({ actions: ['IGNORE'], state: 'ignored' })
    expect(events[1]?.data).not.toHaveProperty('text')
  })

  it('gets the whole reply even when every event of the stream is lost', async () => {
    api.fake.onTurn = ({ turnId }) =>
      setImmediate(() => api.fake.settle(turnId, { reply: { text: 'Unheard.' } }, false))
    const events = await allEvents(await api.send())
    expect(names(events)).toEqual(['user_message', 'done'])
    expect(events[1]).toMatchObject({ id: '0.0.0', data: { text: 'Unheard.' } })
  })

  it('is answered with JSON when it is refused', async () => {
    const path = `/api/messaging/channels/${api.channel}/messages`
    const response = await api.post(path, { content: 'Hi', transport: 'sse' })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ details: 'author_id' })
  })

  it('carries text with any line break', async () => {
    const text = 'a\nb\r\nc\rd\u2028e\n\ndata: f'
    api.fake.onTurn = ({ turnId }) => {
      api.fake.say(turnId, text, { seq: 0 })
      api.fake.settle(turnId, { reply: { text } })
    }
    const events = await allEvents(await api.send())
    expect(events.slice(1).map(({ data }) => data.chunk ?? data.text)).toEqual([text, text])
  })
})

describe('several agents over sse', () => {
  it('speak under their own ids, and the stream ends with the last of them', async () => {
    const agents = await api.addBo()
    api.fake.onTurn = ({ turnId, agentId }) => {
      api.fake.say(turnId, agentId, { seq: 0 })
      if (agentId === agents[1]) api.fake.settle(turnId, { reply: { text: 'Bo.' } })
    }
    const events: SentEvent[] = []
    for await (const event of readEvents(await api.send())) {
      events.push(event)
      if (event.event !== 'done' || event.data.agentId !== agents[1]) continue
      const first = events.find(({ data }) => data.chunk === agents[0])
      api.fake.settle(String(first?.data.turnId), { reply: { text: 'Ada.' } })
    }
    const done = events.filter(({ event }) => event === 'done').map(({ data }) => data.text)
    expect(done).toEqual(['Bo.', 'Ada.'])
    for (const { event, data } of events.filter(({ event }) => event === 'chunk')) {
      expect([event, data.chunk]).toEqual(['chunk', data.agentId])
    }
    expect(events.at(-1)?.id).toMatch(/^1\.1\.\d+,1\.1\.\d+$/)
  })
})
