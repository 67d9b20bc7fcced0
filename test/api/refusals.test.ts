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

const message = (fields: object) => ({ author_id: AUTHOR, content: 'Hi', ...fields })

describe('an id in the path that is no UUID', () => {
  it.each([
    ['GET', '/api/agents/nobody', 'agentId'],
    ['PATCH', '/api/agents/nobody', 'agentId'],
    ['DELETE', '/api/agents/nobody', 'agentId'],
    ['POST', '/api/agents/nobody/start', 'agentId'],
    ['POST', '/api/agents/nobody/stop', 'agentId'],
    ['GET', '/api/agents/nobody/turns', 'agentId'],
    ['PATCH', `/api/agents/${randomUUID()}/rooms/lobby`, 'roomId'],
    ['GET', '/api/turns/none', 'turnId'],
    ['GET', '/api/turns/none/stream', 'turnId'],
    ['POST', '/api/turns/none/cancel', 'turnId'],
    ['GET', "/api/turns/1'%20OR%20'1'='1/history", 'turnId'],
  ])('gets 400 INVALID_ID from %s %s', async (method, path, name) => {
    const body = path.includes('/rooms/') ? { overlap: null } : { name: 'x' }
    const init = method === 'PATCH' ? json(body, { method }) : { method }
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

describe('a body with a slip in it', () => {
  const id = randomUUID()
  it.each([
    ['POST', `/api/turns/${id}/cancel`, { partail: 'keep' }, 'partail'],
    ['POST', `/api/approvals/${id}/answer`, { decision: 'deny', coment: 'No.' }, 'coment'],
    ['PATCH', `/api/agents/${id}/rooms/${id}`, { overlap: 'merge', burst: 1 }, 'burst'],
    ['PATCH', `/api/messaging/channels/${id}`, { name: 'Hall', overlap: 'merge' }, 'overlap'],
    ['PATCH', `/api/messaging/channels/${id}`, {}, 'must have `name` or `metadata`'],
  ])('gets 400 from %s %s: %j', async (method, path, body, words) => {
    const response = await app.request(path, json(body, { method }))
    expect(response.status).toBe(400)
    expect(JSON.stringify(await response.json())).toContain(words)
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
