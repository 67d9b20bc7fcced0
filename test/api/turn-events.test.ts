import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type ApiServer, startApiServer } from '../support/api-server.ts'
import { createFakeApi, type FakeApi } from '../support/fake-api-deps.ts'
import { json } from '../support/json-request.ts'
import { allEvents, readEvents, type SentEvent } from '../support/read-events.ts'

const AUTHOR = randomUUID()

let fake: FakeApi
let server: ApiServer
let channel: string
let closing: AbortController

beforeEach(async () => {
  closing = new AbortController()
  fake = createFakeApi({ heartbeatMs: 20 }, { closing: closing.signal })
  server = await startApiServer(fake.deps)
  channel = randomUUID()
  await create('/api/agents', { characterJson: { name: 'Ada', bio: 'Kind.' } })
})

afterEach(async () => {
  await server.close()
  await fake.stream.close()
})

const create = (path: string, body: unknown, headers = {}, signal?: AbortSignal) =>
  fetch(server.url + path, { ...json(body, { headers }), signal })

/** Posts over sse. */
const send = (headers: Record<string, string> = {}, signal?: AbortSignal) =>
  create(
    `/api/messaging/channels/${channel}/messages`,
    { author_id: AUTHOR, content: 'Hi', transport: 'sse' },
    headers,
    signal,
  )

const resume = (turnId: string, lastEventId?: string) =>
  fetch(`${server.url}/api/turns/${turnId}/stream`, {
    headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
  })

/** Each new turn says two pieces and replies. */
const sayHello = () => {
  fake.onTurn = ({ turnId }) => {
    fake.say(turnId, 'Hel', { seq: 0 })
    fake.say(turnId, 'lo.', { seq: 1 })
    fake.settle(turnId, { reply: { text: 'Hello.', actions: ['REPLY'] } })
  }
}

const names = (events: readonly SentEvent[]) => events.map(({ event }) => event)
const turnOf = (events: readonly SentEvent[]) => String(events.at(-1)?.data.turnId)

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error('It did not happen within 5 s.')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

describe('a message over sse', () => {
  it('is an event stream that no proxy keeps back', async () => {
    sayHello()
    const response = await send()
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
    expect(response.headers.get('cache-control')).toBe('no-cache')
    expect(response.headers.get('connection')).toBe('keep-alive')
    await allEvents(response)
  })

  it('gets itself, the pieces, and the whole reply, under one message id', async () => {
    sayHello()
    const events = await allEvents(await send())
    expect(names(events)).toEqual(['user_message', 'chunk', 'chunk', 'done'])
    const [message, first, second, done] = events
    const turnId = turnOf(events)
    const { replyId: messageId, agentId } = await fake.deps.turns.result(turnId)
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
    expect(fake.accepted).toMatchObject([{ isDirect: true }])
  })

  it('gets each piece when it is said, not when the turn is over', async () => {
    let turnId = ''
    fake.onTurn = (turn) => {
      turnId = turn.turnId
      fake.say(turnId, 'Hel', { seq: 0 })
    }
    const events = readEvents(await send())
    const seen: string[] = []
    for await (const { event, data } of events) {
      seen.push(String(data.chunk ?? event))
      if (data.chunk === 'Hel') fake.say(turnId, 'lo.', { seq: 1 })
      if (data.chunk === 'lo.') fake.settle(turnId, { reply: { text: 'Hello.' } })
    }
    expect(seen).toEqual(['user_message', 'Hel', 'lo.', 'done'])
  })

  it('starts over with restart when another attempt speaks', async () => {
    fake.onTurn = ({ turnId }) => fake.say(turnId, 'Cut o', { seq: 0 })
    const seen: unknown[] = []
    for await (const { event, data } of readEvents(await send())) {
      seen.push(event === 'chunk' ? [data.chunk, data.index] : event)
      const turnId = String(data.turnId)
      if (data.chunk === 'Cut o') fake.say(turnId, 'Anew.', { attempt: 2, seq: 0 })
      if (data.chunk === 'Anew.') fake.settle(turnId, { reply: { text: 'Anew.' } })
    }
    expect(seen).toEqual(['user_message', ['Cut o', 0], 'restart', ['Anew.', 0], 'done'])
  })

  it.each([
    ['failed', 'model_unavailable', 'model_unavailable', { text: 'Sorry.' }, 'Sorry.'],
    ['timed_out', 'deadline_exceeded', 'deadline_exceeded', { text: 'Sorry.' }, 'Sorry.'],
    ['cancelled', 'cancelled_by_user', 'cancelled_by_user', null, null],
    ['rejected', null, 'rejected', null, null],
  ] as const)('that %s gets error with the code %s', async (state, code, error, reply, text) => {
    fake.onTurn = ({ turnId }) => fake.settle(turnId, { state, code, reply })
    const events = await allEvents(await send())
    expect(names(events)).toEqual(['user_message', 'error'])
    expect(events[1]?.data).toMatchObject({ error, text, turnId: expect.any(String), state })
  })

  it('that is ignored gets done without text', async () => {
    fake.onTurn = ({ turnId }) => fake.settle(turnId, { state: 'ignored' })
    const events = await allEvents(await send())
    expect(names(events)).toEqual(['user_message', 'done'])
    expect(events[1]?.data).toMatchObject({ actions: ['IGNORE'], state: 'ignored' })
    expect(events[1]?.data).not.toHaveProperty('text')
  })

  it('gets the whole reply even when every event of the stream is lost', async () => {
    fake.onTurn = ({ turnId }) =>
      setImmediate(() => fake.settle(turnId, { reply: { text: 'Unheard.' } }, false))
    const events = await allEvents(await send())
    expect(names(events)).toEqual(['user_message', 'done'])
    expect(events[1]).toMatchObject({ id: '0.0.0', data: { text: 'Unheard.' } })
  })

  it('is answered with JSON when it is refused', async () => {
    const path = `/api/messaging/channels/${channel}/messages`
    const response = await create(path, { content: 'Hi', transport: 'sse' })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ details: 'author_id' })
  })

  it('carries text with any line break', async () => {
    const text = 'a\nb\r\nc\rd\u2028e\n\ndata: f'
    fake.onTurn = ({ turnId }) => {
      fake.say(turnId, text, { seq: 0 })
      fake.settle(turnId, { reply: { text } })
    }
    const events = await allEvents(await send())
    expect(events.slice(1).map(({ data }) => data.chunk ?? data.text)).toEqual([text, text])
  })
})

describe('several agents over sse', () => {
  it('speak under their own ids, and the stream ends with the last of them', async () => {
    await create('/api/agents', { characterJson: { name: 'Bo', bio: 'Kind.' } })
    const agents = (await fake.deps.agents.list()).map(({ id }) => id)
    const body = { id: channel, name: 'Both', participantCentralUserIds: agents }
    await create('/api/messaging/channels', body)
    fake.onTurn = ({ turnId, agentId }) => {
      fake.say(turnId, agentId, { seq: 0 })
      if (agentId === agents[1]) fake.settle(turnId, { reply: { text: 'Bo.' } })
    }
    const events: SentEvent[] = []
    for await (const event of readEvents(await send())) {
      events.push(event)
      if (event.event !== 'done' || event.data.agentId !== agents[1]) continue
      const first = events.find(({ data }) => data.chunk === agents[0])
      fake.settle(String(first?.data.turnId), { reply: { text: 'Ada.' } })
    }
    const done = events.filter(({ event }) => event === 'done').map(({ data }) => data.text)
    expect(done).toEqual(['Bo.', 'Ada.'])
    for (const { event, data } of events.filter(({ event }) => event === 'chunk')) {
      expect([event, data.chunk]).toEqual(['chunk', data.agentId])
    }
    expect(events.at(-1)?.id).toMatch(/^1\.1\.\d+,1\.1\.\d+$/)
  })
})

describe('a stream that was cut', () => {
  it('goes on behind Last-Event-ID at the turn’s own address', async () => {
    sayHello()
    const turnId = turnOf(await allEvents(await send()))
    const events = await allEvents(await resume(turnId, '1.1.0'))
    expect(events.map(({ event, data }) => data.chunk ?? event)).toEqual(['lo.', 'done'])
    expect(events.at(-1)?.data.text).toBe('Hello.')
  })

  it('is told from the beginning without Last-Event-ID', async () => {
    sayHello()
    const turnId = turnOf(await allEvents(await send()))
    expect(names(await allEvents(await resume(turnId)))).toEqual(['chunk', 'chunk', 'done'])
  })

  it('is told to start over when another attempt spoke meanwhile', async () => {
    fake.onTurn = ({ turnId }) => {
      fake.say(turnId, 'Cut o', { seq: 0 })
      fake.say(turnId, 'Anew.', { attempt: 2, seq: 0 })
      fake.settle(turnId, { reply: { text: 'Anew.' } })
    }
    const turnId = turnOf(await allEvents(await send()))
    const events = await allEvents(await resume(turnId, '1.1.0'))
    expect(events.map(({ event, data }) => data.chunk ?? event)).toEqual([
      'restart',
      'Anew.',
      'done',
    ])
  })

  it('loses nothing when it is cut right after restart', async () => {
    fake.onTurn = ({ turnId }) => fake.say(turnId, 'Cut o', { seq: 0 })
    let restart: SentEvent | undefined
    for await (const event of readEvents(await send())) {
      if (event.event === 'chunk')
        fake.say(String(event.data.turnId), 'Anew.', { attempt: 2, seq: 0 })
      restart = event
      if (event.event === 'restart') break
    }
    const turnId = String(restart?.data.turnId)
    fake.settle(turnId, { reply: { text: 'Anew.' } })
    const events = await allEvents(await resume(turnId, restart?.id))
    expect(events.map(({ event, data }) => data.chunk ?? event)).toContain('Anew.')
  })

  it.each(['nonsense', '1.1', '1.1.0,1.1.0', '-1.0.0'])(
    'starts over when %s is no id of its own',
    async (lastEventId) => {
      sayHello()
      const turnId = turnOf(await allEvents(await send()))
      const events = await allEvents(await resume(turnId, lastEventId))
      expect(names(events)).toEqual(['restart', 'chunk', 'chunk', 'done'])
    },
  )

  it('goes on with a repeat of the message, without a second turn', async () => {
    sayHello()
    const key = { 'idempotency-key': 'k1' }
    const first = await allEvents(await send(key))
    const repeat = await allEvents(await send({ ...key, 'last-event-id': '1.1.0' }))
    expect(repeat.map(({ event, data }) => data.chunk ?? event)).toEqual(['lo.', 'done'])
    expect(turnOf(repeat)).toBe(turnOf(first))
    expect(fake.accepted).toHaveLength(1)
  })

  it('of several agents goes on where each of them was', async () => {
    await create('/api/agents', { characterJson: { name: 'Bo', bio: 'Kind.' } })
    const agents = (await fake.deps.agents.list()).map(({ id }) => id)
    const body = { id: channel, name: 'Both', participantCentralUserIds: agents }
    await create('/api/messaging/channels', body)
    sayHello()
    const key = { 'idempotency-key': 'k2' }
    await allEvents(await send(key))
    const events = await allEvents(await send({ ...key, 'last-event-id': '1.1.0,-' }))
    const said = agents.map((agent) =>
      events
        .filter(({ data }) => data.agentId === agent)
        .map(({ event, data }) => data.chunk ?? event),
    )
    expect(said).toEqual([
      ['lo.', 'done'],
      ['Hel', 'lo.', 'done'],
    ])
  })
})

describe('a silent stream', () => {
  it('says that it lives', async () => {
    const turnIds: string[] = []
    fake.onTurn = ({ turnId }) => turnIds.push(turnId)
    const comments: string[] = []
    const reading = readEvents(await send(), comments)
    await reading.next()
    const rest = reading.next()
    await until(() => comments.length >= 2)
    fake.settle(String(turnIds[0]), { reply: { text: 'Hi.' } })
    expect((await rest).value).toMatchObject({ event: 'done' })
    expect(new Set(comments)).toEqual(new Set(['heartbeat']))
  })

  it('frees what it held when its reader leaves', async () => {
    const leaving = new AbortController()
    await send({}, leaving.signal)
    await until(() => fake.stream.held().readers === 1)
    leaving.abort()
    await until(() => fake.stream.held().readers === 0)
    expect(fake.stream.held()).toEqual({ turns: 0, readers: 0 })
  })

  it('ends without an answer when the server shuts down, to be resumed elsewhere', async () => {
    const response = await send()
    await until(() => fake.stream.held().readers === 1)
    closing.abort()
    expect(names(await allEvents(response))).toEqual(['user_message'])
  })
})

describe('a request over http', () => {
  it('frees what it held when its client leaves', async () => {
    const leaving = new AbortController()
    const path = `/api/messaging/channels/${channel}/messages`
    const body = { author_id: AUTHOR, content: 'Hi', transport: 'http' }
    const left = create(path, body, {}, leaving.signal).catch((error: Error) => error.name)
    await until(() => fake.stream.held().readers === 1)
    leaving.abort()
    expect(await left).toBe('AbortError')
    await until(() => fake.stream.held().readers === 0)
  })

  it('with 5 MB gets 413 over a real socket, and the next one is served', async () => {
    const path = `/api/messaging/channels/${channel}/messages`
    const body = { author_id: AUTHOR, content: 'x'.repeat(5_000_000) }
    for (const _time of [1, 2, 3]) {
      const response = await create(path, body)
      expect(response.status).toBe(413)
      expect(await response.json()).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
    }
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  })

  it('with 5 MB in chunks of unknown length gets 413 too', async () => {
    async function* pieces() {
      for (let piece = 0; piece < 50; piece += 1) yield Buffer.alloc(100_000, 'x')
    }
    const response = await fetch(`${server.url}/api/agents`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: pieces(),
      duplex: 'half',
    })
    expect(response.status).toBe(413)
  })

  it('with 100,000 characters is echoed verbatim over a real socket', async () => {
    const content = '{{system}} 😀'.repeat(8_000)
    fake.onTurn = ({ turnId }, text) => fake.settle(turnId, { reply: { text } })
    const path = `/api/messaging/channels/${channel}/messages`
    const response = await create(path, { author_id: AUTHOR, content, transport: 'http' })
    expect(await response.json()).toMatchObject({ agentResponse: { text: content } })
  })
})
