import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { hc } from 'hono/client'
import { UnavailableError } from '../../agent/errors.ts'
import { type ApiApp, createApp } from '../../api/app.ts'
import { DEFAULT_MESSAGE_SERVER_ID, stringToUuid } from '../../schema/ids.ts'
import { createFakeApi, type FakeApi } from '../support/fake-api-deps.ts'
import { json } from '../support/json-request.ts'

const ADA = stringToUuid('Ada')
const BO = stringToUuid('Bo')
const AUTHOR = randomUUID()

let fake: FakeApi
let app: ApiApp
let channel: string

beforeEach(async () => {
  fake = createFakeApi()
  app = createApp(fake.deps)
  channel = randomUUID()
  for (const name of ['Ada', 'Bo']) {
    await app.request('/api/agents', json({ characterJson: { name, bio: 'Kind.' } }))
  }
})

const path = () => `/api/messaging/channels/${channel}/messages`
const send = (fields: object = {}, headers: Record<string, string> = {}, own = app) =>
  own.request(path(), json({ author_id: AUTHOR, content: 'Hi', ...fields }, { headers }))

/** Every turn replies at once with what it was told. */
const echo = () => {
  fake.onTurn = ({ turnId }, text) => fake.settle(turnId, { reply: { text, actions: ['REPLY'] } })
}

interface Answer {
  readonly turnId: string
  readonly userMessage: Record<string, unknown>
  readonly turns: readonly { readonly id: string; readonly agentId: string }[]
  readonly agentResponse?: { readonly text: string } | null
}
const answerOf = async (response: Response) => (await response.json()) as Answer

describe('a message without a transport', () => {
  it('is answered at once with the message in both spellings and its turn', async () => {
    const reply = randomUUID()
    const response = await send({
      metadata: { user_display_name: 'Eve', a: 1 },
      in_reply_to_message_id: reply,
      raw_message: { b: 2 },
    })
    expect(response.status).toBe(201)
    const answer = await answerOf(response)
    expect(answer).toEqual({
      success: true,
      userMessage: expect.any(Object),
      turnId: expect.any(String),
      turn: { id: answer.turnId, state: 'queued' },
      turns: [{ id: answer.turnId, agentId: ADA, state: 'queued', agentResponse: null }],
    })
    expect(answer.userMessage).toMatchObject({
      content: 'Hi',
      channel_id: channel,
      channelId: channel,
      message_server_id: DEFAULT_MESSAGE_SERVER_ID,
      messageServerId: DEFAULT_MESSAGE_SERVER_ID,
      author_id: AUTHOR,
      authorId: AUTHOR,
      author_display_name: 'Eve',
      authorDisplayName: 'Eve',
      created_at: expect.any(Number),
      createdAt: expect.any(Number),
      source_type: 'eliza_gui',
      sourceType: 'eliza_gui',
      source_id: null,
      raw_message: { b: 2 },
      metadata: { a: 1 },
      in_reply_to_message_id: reply,
    })
  })

  it('is no direct message unless its metadata says so', async () => {
    await send()
    await send({ metadata: { isDm: true } })
    await send({ metadata: { channelType: 'DM' } })
    await send({ transport: 'websocket', metadata: { isDm: 'yes' } })
    expect(fake.accepted.map(({ isDirect }) => isDirect)).toEqual([false, true, true, false])
  })

  it('takes its author from X-Entity-Id, and its server under the old name', async () => {
    const server = randomUUID()
    await send({ author_id: undefined, server_id: server }, { 'x-entity-id': AUTHOR })
    expect(fake.accepted).toMatchObject([{ authorId: AUTHOR, messageServerId: server }])
  })
})

describe('a message over http', () => {
  it.each([{ transport: 'http' }, { mode: 'sync' }])('gets the reply: %j', async (fields) => {
    echo()
    const response = await send(fields)
    expect(response.status).toBe(201)
    expect(await answerOf(response)).toMatchObject({
      success: true,
      agentResponse: { text: 'Hi', actions: ['REPLY'] },
      turn: { state: 'replied' },
      turns: [{ agentId: ADA, state: 'replied', agentResponse: { text: 'Hi' } }],
    })
    expect(fake.accepted).toMatchObject([{ isDirect: true }])
  })

  it('waits for a reply that comes later', async () => {
    fake.onTurn = ({ turnId }) =>
      setImmediate(() => fake.settle(turnId, { reply: { text: 'At last.' } }))
    const answer = await answerOf(await send({ transport: 'http' }))
    expect(answer.agentResponse).toEqual({ text: 'At last.' })
  })

  it('gets the reply even when the stream has lost its ending', async () => {
    fake.onTurn = ({ turnId }) =>
      setImmediate(() => fake.settle(turnId, { reply: { text: 'Unheard.' } }, false))
    const answer = await answerOf(await send({ transport: 'http' }))
    expect(answer.agentResponse).toEqual({ text: 'Unheard.' })
  })

  it('gets null when the agent chose to say nothing', async () => {
    fake.onTurn = ({ turnId }) => fake.settle(turnId, { state: 'ignored' })
    const response = await send({ transport: 'http' })
    expect(response.status).toBe(201)
    expect(await answerOf(response)).toMatchObject({
      agentResponse: null,
      turn: { state: 'ignored' },
    })
  })

  it('gets the apology and the code of a failed turn, never 500', async () => {
    const failed = {
      state: 'failed',
      code: 'model_unavailable',
      reply: { text: 'Sorry.' },
    } as const
    fake.onTurn = ({ turnId }) => fake.settle(turnId, failed)
    const response = await send({ transport: 'http' })
    expect(response.status).toBe(201)
    const answer = await answerOf(response)
    expect(answer).toMatchObject({
      agentResponse: { text: 'Sorry.' },
      turn: { id: answer.turnId, state: 'failed', code: 'model_unavailable' },
    })
  })

  it('gets 202 with the turn’s id when the wait is over, and the reply later', async () => {
    const own = createApp({ ...fake.deps, settings: { ...fake.deps.settings, httpWaitMs: 20 } })
    const response = await send({ transport: 'http' }, {}, own)
    expect(response.status).toBe(202)
    const answer = await answerOf(response)
    expect(answer).toMatchObject({
      success: true,
      userMessage: { content: 'Hi' },
      agentResponse: null,
      turn: { id: answer.turnId, state: 'queued' },
      turns: [{ id: answer.turnId, state: 'queued', agentResponse: null }],
    })
    fake.settle(answer.turnId, { reply: { text: 'Late.' } })
    const turn = await own.request(`/api/turns/${answer.turnId}`)
    expect(await turn.json()).toMatchObject({
      data: { state: 'replied', reply: { text: 'Late.' } },
    })
  })

  it('gets 202, not 503, when Postgres goes away after the message was accepted', async () => {
    const result = async () => {
      throw new UnavailableError('Postgres cannot be reached.')
    }
    const own = createApp({ ...fake.deps, turns: { ...fake.deps.turns, result } })
    const response = await send({ transport: 'http' }, {}, own)
    expect(response.status).toBe(202)
    expect(await answerOf(response)).toMatchObject({ turn: { state: 'queued' } })
  })

  it('gets 202 at once when the server shuts down', async () => {
    const closing = new AbortController()
    const own = createApp({ ...fake.deps, closing: closing.signal })
    fake.onTurn = () => setImmediate(() => closing.abort())
    expect((await send({ transport: 'http' }, {}, own)).status).toBe(202)
  })

  it('gets all agents’ replies, the first participant’s first', async () => {
    const body = { id: channel, name: 'Both', participantCentralUserIds: [AUTHOR, BO, ADA] }
    await app.request('/api/messaging/channels', json(body))
    fake.onTurn = ({ turnId, agentId }) => {
      const text = agentId === BO ? 'Bo here.' : 'Ada here.'
      // The first participant is the slower one.
      if (agentId === BO) setImmediate(() => fake.settle(turnId, { reply: { text } }))
      else fake.settle(turnId, { reply: { text } })
    }
    expect(await answerOf(await send({ transport: 'http' }))).toMatchObject({
      agentResponse: { text: 'Bo here.' },
      turns: [
        { agentId: BO, agentResponse: { text: 'Bo here.' } },
        { agentId: ADA, agentResponse: { text: 'Ada here.' } },
      ],
    })
  })
})

describe('a message that is sent twice', () => {
  it.each([
    ['an Idempotency-Key', {}, { 'idempotency-key': 'k1' }],
    ['a messageId', { messageId: 'k1' }, {}],
    ['a source_id', { source_id: 'k1' }, {}],
  ])('with %s makes one turn and gets the same answer', async (_what, fields, headers) => {
    echo()
    const first = await (await send({ transport: 'http', ...fields }, headers)).json()
    const second = await send({ transport: 'http', ...fields }, headers)
    expect(second.status).toBe(201)
    expect(await second.json()).toEqual(first)
    expect(fake.accepted).toMatchObject([{ externalId: 'k1' }])
  })

  it('waits for the turn that still runs', async () => {
    const headers = { 'idempotency-key': 'k2' }
    const { turnId } = await answerOf(await send({}, headers))
    const second = send({ transport: 'http' }, headers)
    fake.settle(turnId, { reply: { text: 'One answer.' } })
    expect(await answerOf(await second)).toMatchObject({
      turnId,
      agentResponse: { text: 'One answer.' },
    })
  })

  it('gets 422 when the key was used for something else', async () => {
    const headers = { 'idempotency-key': 'k3' }
    await send({}, headers)
    const response = await send({ content: 'Something else' }, headers)
    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({
      success: false,
      error: expect.stringContaining("'k3'"),
      code: 'IDEMPOTENCY_KEY_REUSED',
    })
  })

  it('without a key makes two turns', async () => {
    const { turnId } = await answerOf(await send())
    expect((await answerOf(await send())).turnId).not.toBe(turnId)
  })
})

describe('the messages of a channel', () => {
  it('are listed newest first, as many as asked for', async () => {
    for (const content of ['1', '2', '3']) await send({ content })
    const response = await app.request(`${path()}?limit=2`)
    const { data } = (await response.json()) as { data: { messages: { content: string }[] } }
    expect(data.messages.map(({ content }) => content)).toEqual(['3', '2'])
  })

  it('are asked for 50 at a time unless told otherwise', async () => {
    const pages: object[] = []
    const list = async (_channel: string, page: object) => {
      pages.push(page)
      return []
    }
    const own = createApp({ ...fake.deps, messages: { ...fake.deps.messages, list } })
    await own.request(path())
    await own.request(`${path()}?limit=7&before=1700000000000`)
    expect(pages).toEqual([{ limit: 50 }, { limit: 7, before: 1700000000000 }])
  })
})

describe('the typed client', () => {
  it('posts a message and reads its turn', async () => {
    echo()
    const client = hc<ApiApp>('http://localhost', {
      fetch: (input: string | URL | Request, init?: RequestInit) => app.request(input, init),
    })
    const response = await client.api.messaging.channels[':channelId'].messages.$post({
      param: { channelId: channel },
      header: {},
      json: { author_id: AUTHOR, content: 'Hi', transport: 'http' },
    })
    const posted = await response.json()
    if (!('turnId' in posted)) throw new Error(`Got ${response.status}.`)
    const { turnId } = posted
    const turn = await client.api.turns[':turnId'].$get({ param: { turnId } })
    expect(await turn.json()).toMatchObject({ success: true, data: { turnId } })
  })
})
