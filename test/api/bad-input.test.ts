import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { UnavailableError } from '../../agent/errors.ts'
import { type ApiApp, createApp } from '../../api/app.ts'
import { createFakeApi, type FakeApi } from '../support/fake-api-deps.ts'
import { json } from '../support/json-request.ts'

const AUTHOR = randomUUID()
const CHANNEL = randomUUID()
const MESSAGES = `/api/messaging/channels/${CHANNEL}/messages`

let fake: FakeApi
let app: ApiApp

beforeEach(async () => {
  fake = createFakeApi({ maxBodyBytes: 2 ** 20 })
  app = createApp(fake.deps)
  await app.request('/api/agents', json({ characterJson: { name: 'Ada', bio: 'Kind.' } }))
})

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  app.request(path, json(body, { headers }))

const message = (fields: object) => ({ author_id: AUTHOR, content: 'Hi', ...fields })

describe('a message that is wrong', () => {
  it.each([
    ['no author', { author_id: undefined }, 'author_id', /author_id: is required/],
    [
      'an author that is no UUID',
      { author_id: 'me' },
      'author_id',
      /author_id: must be a UUID.*'me'/,
    ],
    [
      'an author of the wrong type',
      { author_id: 7 },
      'author_id',
      /must be of type string, got number/,
    ],
    ['no content', { content: undefined }, 'content', /content: is required/],
    ['empty content', { content: '' }, 'content', /content: must not be empty/],
    ['blank content', { content: ' \n\t' }, 'content', /content: must not be empty/],
    ['content of the wrong type', { content: { text: 'Hi' } }, 'content', /string, got object/],
    ['content that is null', { content: null }, 'content', /string, got null/],
    [
      'a wrong server',
      { message_server_id: 'x' },
      'message_server_id',
      /message_server_id: must be a/,
    ],
    ['a wrong server alias', { server_id: 'x' }, 'server_id', /server_id: must be a UUID/],
    ['metadata that is a list', { metadata: [] }, 'metadata', /metadata: must be of type record/],
    ['a raw message that is text', { raw_message: 'x' }, 'raw_message', /raw_message: must be of/],
    ['a reply to no UUID', { in_reply_to_message_id: 1 }, 'in_reply_to_message_id', /in_reply_to/],
    ['an unknown transport', { transport: 'fax' }, 'transport', /^Invalid transport 'fax'/],
    ['a transport that is no string', { transport: 1 }, 'transport', /^Transport must be a string/],
    ['an unknown mode', { mode: 'fax' }, 'mode', /^Invalid transport 'fax'/],
    ['an id of the wrong type', { messageId: 5 }, 'messageId', /messageId: must be of type string/],
    ['an id that is too long', { source_id: 'x'.repeat(256) }, 'source_id', /at most 255/],
  ])('because of %s gets 400 and the name of the field', async (_what, fields, path, reason) => {
    const response = await post(MESSAGES, message(fields))
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      success: false,
      error: expect.stringMatching(reason),
      code: 'BAD_REQUEST',
      details: path,
    })
    expect(fake.accepted).toEqual([])
  })

  it('may name several fields at once', async () => {
    const response = await post(MESSAGES, { author_id: 'me', content: 1 })
    const { error } = (await response.json()) as { error: string }
    expect(error).toMatch(/author_id.*content/)
  })

  it('names a header like a field', async () => {
    const wrong = await post(MESSAGES, { content: 'Hi' }, { 'x-entity-id': 'me' })
    expect(await wrong.json()).toMatchObject({ details: 'x-entity-id' })
    const long = await post(MESSAGES, message({}), { 'idempotency-key': 'k'.repeat(256) })
    expect(await long.json()).toMatchObject({ details: 'idempotency-key' })
  })

  it('gets 400 when nobody could answer it', async () => {
    const response = await createApp(createFakeApi().deps).request(MESSAGES, json(message({})))
    expect(response.status).toBe(400)
    const error = 'No agent found in channel participants'
    expect(await response.json()).toMatchObject({ success: false, error })
  })
})

describe.each([
  ['messaging', MESSAGES, { error: expect.any(String), details: 'body' }],
  ['agents', '/api/agents', { error: { message: expect.any(String), details: { path: 'body' } } }],
])('a body sent to %s', (_router, path, envelope) => {
  it.each([
    ['no JSON', 'hello'],
    ['cut off', '{"content":"H'],
    ['a list', '[1]'],
    ['a number', '7'],
    ['null', 'null'],
    ['100,000 lists deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ])('that is %s gets 400', async (_what, text) => {
    const response = await post(path, text)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ success: false, ...envelope })
  })
})

describe('a body that is not JSON by its type', () => {
  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    '',
  ])('gets 400 INVALID_CONTENT_TYPE as %s', async (type) => {
    const init = { method: 'POST', headers: { 'content-type': type }, body: '{"name":"x"}' }
    const agents = await app.request('/api/agents', init)
    expect(agents.status).toBe(400)
    expect(await agents.json()).toMatchObject({ error: { code: 'INVALID_CONTENT_TYPE' } })
    const messaging = await app.request('/api/messaging/channels', init)
    expect(await messaging.json()).toMatchObject({
      error: expect.stringContaining('application/json'),
      code: 'INVALID_CONTENT_TYPE',
    })
  })

  it('is no matter where there is no body', async () => {
    const { id } =
      ((await (await app.request('/api/agents')).json()) as Listed).data.agents[0] ?? {}
    const response = await app.request(`/api/agents/${id}/start`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    })
    expect(response.status).toBe(200)
  })
})

interface Listed {
  readonly data: { readonly agents: readonly { readonly id: string }[] }
}

describe('a body that is too large', () => {
  it.each([
    [MESSAGES, { error: expect.stringContaining('1048576 bytes'), code: 'PAYLOAD_TOO_LARGE' }],
    ['/api/agents', { error: { code: 'PAYLOAD_TOO_LARGE', message: expect.any(String) } }],
  ])('gets 413 from %s in its envelope', async (path, envelope) => {
    const response = await post(path, message({ content: 'x'.repeat(5_000_000) }))
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ success: false, ...envelope })
    expect(fake.accepted).toEqual([])
  })
})

describe('an id in the path that is no UUID', () => {
  it.each([
    ['GET', '/api/agents/nobody', 'agentId'],
    ['PATCH', '/api/agents/nobody', 'agentId'],
    ['DELETE', '/api/agents/nobody', 'agentId'],
    ['POST', '/api/agents/nobody/start', 'agentId'],
    ['POST', '/api/agents/nobody/stop', 'agentId'],
    ['GET', '/api/agents/nobody/turns', 'agentId'],
    ['GET', '/api/turns/none', 'turnId'],
    ['GET', '/api/turns/none/stream', 'turnId'],
    ['POST', '/api/turns/none/cancel', 'turnId'],
    ['GET', "/api/turns/1'%20OR%20'1'='1/history", 'turnId'],
  ])('gets 400 INVALID_ID from %s %s', async (method, path, name) => {
    const init = method === 'PATCH' ? json({ name: 'x' }, { method }) : { method }
    const response = await app.request(path, init)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      success: false,
      error: {
        code: 'INVALID_ID',
        message: expect.stringContaining(`${name}: must be a UUID`),
        details: { path: name },
      },
    })
  })

  it.each(['details', 'participants', 'messages'])('gets 400 from a channel’s %s', async (what) => {
    const response = await app.request(`/api/messaging/channels/lobby/${what}`)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: expect.stringContaining('channelId: must be a UUID'),
      code: 'INVALID_ID',
      details: 'channelId',
    })
  })
})

describe('an id that nothing has', () => {
  const unknown = randomUUID()

  it.each([
    ['GET', `/api/agents/${unknown}`],
    ['PATCH', `/api/agents/${unknown}`],
    ['DELETE', `/api/agents/${unknown}`],
    ['POST', `/api/agents/${unknown}/start`],
    ['POST', `/api/agents/${unknown}/stop`],
    ['GET', `/api/agents/${unknown}/turns`],
    ['GET', `/api/turns/${unknown}`],
    ['GET', `/api/turns/${unknown}/stream`],
    ['POST', `/api/turns/${unknown}/cancel`],
    ['GET', `/api/turns/${unknown}/history`],
  ])('gets 404 NOT_FOUND from %s %s', async (method, path) => {
    const init = method === 'PATCH' ? json({ name: 'x' }, { method }) : { method }
    const response = await app.request(path, init)
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({
      success: false,
      error: { code: 'NOT_FOUND', message: expect.stringContaining(unknown) },
    })
  })

  it.each(['details', 'participants', 'messages'])('gets 404 from a channel’s %s', async (what) => {
    const response = await app.request(`/api/messaging/channels/${unknown}/${what}`)
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({
      success: false,
      error: expect.stringContaining(unknown),
      code: 'NOT_FOUND',
    })
  })
})

describe('a query that is wrong', () => {
  it.each(['limit=0', 'limit=501', 'limit=ten', 'limit=', 'limit=1.5', 'limit=1&limit=2'])(
    'gets 400 for %s',
    async (query) => {
      const response = await app.request(`${MESSAGES}?${query}`)
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ details: 'limit' })
    },
  )

  it.each(['before=', 'before=yesterday', 'before=-1', 'before=1e400'])(
    'gets 400 for %s',
    async (query) => {
      const response = await app.request(`${MESSAGES}?${query}`)
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ details: 'before' })
    },
  )

  it('gets 400 for a state that turns do not have, naming those they have', async () => {
    const response = await app.request(`/api/agents/${randomUUID()}/turns?state=asleep`)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: {
        code: 'BAD_REQUEST',
        message: expect.stringMatching(/state.*queued.*got 'asleep'/),
        details: { path: 'state' },
      },
    })
  })
})

describe('a path that does not exist', () => {
  it.each(['/api/nowhere', '/api/messaging/nowhere', '/api/agents/a/b/c'])(
    'gets ElizaOS’s 404 as %s',
    async (path) => {
      const response = await app.request(path)
      expect(response.status).toBe(404)
      expect(await response.json()).toEqual({
        success: false,
        error: { message: 'API endpoint not found', code: 404 },
      })
    },
  )
})

describe('when Postgres is away', () => {
  it.each([
    ['a message', MESSAGES, message({}), { error: 'Postgres cannot be reached.' }],
    [
      'an agent',
      '/api/agents',
      { agent: { name: 'Bo', bio: 'x' } },
      { error: { code: 'UNAVAILABLE' } },
    ],
  ])('%s gets 503 with Retry-After', async (_what, path, body, envelope) => {
    const away = async () => {
      throw new UnavailableError('Postgres cannot be reached.')
    }
    const { deps } = createFakeApi()
    const own = createApp({
      ...deps,
      messages: { ...deps.messages, accept: away },
      agents: { ...deps.agents, create: away },
    })
    const response = await own.request(path, json(body))
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(await response.json()).toMatchObject({ success: false, ...envelope })
  })
})

describe('an error that nobody expected', () => {
  it('gets 500 without its text, which is logged under the id of the request', async () => {
    const { deps, logged } = createFakeApi()
    const broken = async () => {
      throw new Error('password=hunter2')
    }
    const own = createApp({ ...deps, agents: { ...deps.agents, list: broken } })
    const response = await own.request('/api/agents')
    const text = await response.text()
    expect(response.status).toBe(500)
    expect(text).not.toContain('hunter2')
    const requestId = response.headers.get('x-request-id')
    expect(text).toContain(requestId)
    expect(logged).toEqual([expect.objectContaining({ requestId, err: expect.any(Error) })])
  })
})
