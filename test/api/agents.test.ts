import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { ConflictError } from '../../agent/errors.ts'
import { type ApiApp, createApp } from '../../api/app.ts'
import { stringToUuid } from '../../schema/ids.ts'
import { createFakeApi, type FakeApi } from '../support/fake-api-deps.ts'
import { json } from '../support/json-request.ts'

const ADA = { name: 'Ada', bio: ['Kind.', 'Exact.'], system: 'Be brief.' }
const ADA_ID = stringToUuid('Ada')

let fake: FakeApi
let app: ApiApp

beforeEach(() => {
  fake = createFakeApi()
  app = createApp(fake.deps)
})

const create = (body: unknown) => app.request('/api/agents', json(body))
const createAda = () => create({ characterJson: ADA })

describe('creating an agent', () => {
  it.each([
    ['an object', { characterJson: ADA }],
    ['JSON text', { characterJson: JSON.stringify(ADA) }],
    ['an agent', { agent: ADA }],
    [
      'an agent’s row that comes back',
      { agent: { ...ADA, enabled: true, status: 'active', createdAt: 1 } },
    ],
  ])('takes the character as %s, and does not start it', async (_how, body) => {
    const response = await create(body)
    expect(response.status).toBe(201)
    expect(await response.json()).toEqual({
      success: true,
      data: { id: ADA_ID, character: expect.objectContaining(ADA) },
    })
    expect(await fake.deps.agents.get(ADA_ID)).toMatchObject({ status: 'inactive' })
  })

  it('never reads a file of the server', async () => {
    const response = await create({ characterPath: '/etc/passwd' })
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      success: false,
      error: {
        code: 'CREATE_ERROR',
        message: expect.stringMatching(/must not make the server read its files.*characterJson/),
        details: { path: 'characterPath' },
      },
    })
  })

  it.each([
    ['nothing', {}, 'characterJson'],
    ['two sources', { characterJson: ADA, agent: ADA }, 'characterJson'],
    ['JSON text that is none', { characterJson: '{name' }, 'characterJson'],
    ['a number', { characterJson: 7 }, 'characterJson'],
    ['a character without a name', { characterJson: { bio: 'x' } }, 'characterJson.name'],
    ['a character with an unknown key', { agent: { ...ADA, lore: [] } }, 'agent.lore'],
  ])('refuses %s with CREATE_ERROR and the path', async (_what, body, path) => {
    const response = await create(body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      success: false,
      error: { code: 'CREATE_ERROR', details: { path } },
    })
  })

  it('refuses an id that is taken with 409', async () => {
    await createAda()
    const response = await createAda()
    expect(response.status).toBe(409)
    expect(await response.json()).toMatchObject({ success: false, error: { code: 'CONFLICT' } })
  })

  it('stores NUL and lone surrogates as U+FFFD', async () => {
    const text = '{"characterJson":{"name":"A\\u0000da","bio":"\\ud83d \\ud83d\\ude00"}}'
    const response = await create(text)
    expect(await response.json()).toMatchObject({
      data: { character: { name: 'A\uFFFDda', bio: '\uFFFD 😀' } },
    })
  })
})

describe('an agent', () => {
  beforeEach(async () => {
    await createAda()
  })

  it('is listed with the first line of its bio', async () => {
    const response = await app.request('/api/agents')
    const ada = { id: ADA_ID, name: 'Ada', characterName: 'Ada', bio: 'Kind.', status: 'inactive' }
    const { data } = (await response.json()) as { data: { agents: unknown[] } }
    expect(data.agents).toEqual([expect.objectContaining(ada)])
  })

  it('is shown as a row: its character’s fields beside its state', async () => {
    const response = await app.request(`/api/agents/${ADA_ID}`)
    expect(await response.json()).toEqual({
      success: true,
      data: { ...ADA, id: ADA_ID, status: 'inactive', enabled: false, createdAt: 1, updatedAt: 2 },
    })
  })

  it('is found under its id in capitals', async () => {
    const response = await app.request(`/api/agents/${ADA_ID.toUpperCase()}`)
    expect(response.status).toBe(200)
  })

  it('starts and stops', async () => {
    const started = await app.request(`/api/agents/${ADA_ID}/start`, { method: 'POST' })
    expect(await started.json()).toEqual({
      success: true,
      data: { id: ADA_ID, name: 'Ada', status: 'active' },
    })
    const stopped = await app.request(`/api/agents/${ADA_ID}/stop`, { method: 'POST' })
    expect(await stopped.json()).toEqual({ success: true, data: { message: 'Agent stopped' } })
  })

  it('takes a whole row back as a patch', async () => {
    const { data } = (await (await app.request(`/api/agents/${ADA_ID}`)).json()) as { data: object }
    const body = json({ ...data, system: 'Be long.' }, { method: 'PATCH' })
    const response = await app.request(`/api/agents/${ADA_ID}`, body)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ data: { name: 'Ada', system: 'Be long.' } })
  })

  it('keeps its id', async () => {
    const body = json({ id: randomUUID() }, { method: 'PATCH' })
    const response = await app.request(`/api/agents/${ADA_ID}`, body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: { code: 'UPDATE_ERROR', details: { path: 'id' } },
    })
  })

  it('refuses a patch that makes it no character', async () => {
    const body = json({ bio: 7 }, { method: 'PATCH' })
    const response = await app.request(`/api/agents/${ADA_ID}`, body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { code: 'UPDATE_ERROR' } })
  })

  it('is deleted without a body', async () => {
    const response = await app.request(`/api/agents/${ADA_ID}`, { method: 'DELETE' })
    expect(response.status).toBe(204)
    expect(await response.text()).toBe('')
    expect((await app.request(`/api/agents/${ADA_ID}`)).status).toBe(404)
  })

  it('gets 202 when its deletion goes on', async () => {
    const agents = { ...fake.deps.agents, delete: async () => false }
    const own = createApp({ ...fake.deps, agents })
    const response = await own.request(`/api/agents/${ADA_ID}`, { method: 'DELETE' })
    expect(response.status).toBe(202)
    expect(await response.json()).toEqual({
      success: true,
      partial: true,
      message: expect.stringContaining('goes on'),
    })
  })

  it('that is stopped refuses messages with 409', async () => {
    const accept = async () => {
      throw new ConflictError('The agent Ada is stopped.', 'agent_stopped')
    }
    const own = createApp({ ...fake.deps, messages: { ...fake.deps.messages, accept } })
    const path = `/api/messaging/channels/${randomUUID()}/messages`
    const response = await own.request(path, json({ author_id: randomUUID(), content: 'Hi' }))
    expect(response.status).toBe(409)
    expect(await response.json()).toEqual({
      success: false,
      error: 'The agent Ada is stopped.',
      code: 'AGENT_STOPPED',
    })
  })
})
