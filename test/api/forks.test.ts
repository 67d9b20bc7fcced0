import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { ConflictError } from '../../agent/errors.ts'
import { type ApiApp, createApp } from '../../api/app.ts'
import type { NewFork } from '../../api/forks-port.ts'
import { parseCharacter } from '../../schema/character.ts'
import { createFakeApi, type FakeApi } from '../support/fake-api-deps.ts'
import { json } from '../support/json-request.ts'

let fake: FakeApi
let app: ApiApp
let turnId: string

beforeEach(async () => {
  fake = createFakeApi({ httpWaitMs: 50 })
  app = createApp(fake.deps)
  await app.request('/api/agents', json({ characterJson: { name: 'Ada', bio: 'Kind.' } }))
  const path = `/api/messaging/channels/${randomUUID()}/messages`
  const response = await app.request(path, json({ author_id: randomUUID(), content: 'Hi' }))
  turnId = ((await response.json()) as { turnId: string }).turnId
  fake.settle(turnId, { state: 'replied' })
})

/** The API with a port that remembers what it was asked for. */
function listening(answer?: () => Promise<never>) {
  const asked: NewFork[] = []
  const forks = {
    ...fake.deps.forks,
    create: async (id: string, fork: NewFork) => {
      asked.push(fork)
      return answer ? answer() : fake.deps.forks.create(id, fork)
    },
  }
  return { asked, own: createApp({ ...fake.deps, forks }) }
}

async function newFork(): Promise<string> {
  const response = await app.request(`/api/turns/${turnId}/fork`, json({ model: 'other' }))
  expect(response.status).toBe(202)
  const { data } = (await response.json()) as { data: { forkId: string } }
  return data.forkId
}

describe('a fork', () => {
  it('is queued, with what shall be different', async () => {
    const { own, asked } = listening()
    const character = { name: 'Bob', bio: 'A pirate.' }
    const body = { model: ' other ', from: 'compose', character }
    const response = await own.request(`/api/turns/${turnId}/fork`, json(body))
    expect(response.status).toBe(202)
    expect(await response.json()).toMatchObject({
      success: true,
      data: {
        forkOf: turnId,
        from: 'composeState',
        model: 'other',
        character: 'Bob',
        state: 'queued',
      },
    })
    expect(asked).toEqual([{ model: 'other', from: 'composeState', character }])
  })

  it('needs no body', async () => {
    const { own, asked } = listening()
    const response = await own.request(`/api/turns/${turnId}/fork`, { method: 'POST' })
    expect(response.status).toBe(202)
    expect(asked).toEqual([{}])
  })

  it.each([
    [{ from: 'think' }, 'Invalid from: must be one of shouldRespond, composeState'],
    [{ from: 'runAction:x' }, 'Invalid from'],
    [{ modle: 'gpt' }, 'modle'],
    [{ model: ' ' }, 'Invalid model: must not be empty'],
    [{ character: 'Bob' }, 'Invalid character'],
  ])('is refused for %j', async (body, words) => {
    const { own, asked } = listening()
    const response = await own.request(`/api/turns/${turnId}/fork`, json(body))
    expect(response.status).toBe(400)
    expect(JSON.stringify(await response.json())).toContain(words)
    expect(asked).toEqual([])
  })

  it('is refused with 409 when the turn cannot be forked, with 404 when there is none', async () => {
    const { own } = listening(() => Promise.reject(new ConflictError('It is still running.')))
    const response = await own.request(`/api/turns/${turnId}/fork`, json({}))
    expect(response.status).toBe(409)
    expect(await response.json()).toMatchObject({ error: { message: 'It is still running.' } })
    expect((await app.request(`/api/turns/${randomUUID()}/fork`, json({}))).status).toBe(404)
  })

  it('is refused with every problem of its character', async () => {
    const broken = () => Promise.resolve(parseCharacter({ name: 'Bob', lore: [] }, 'character'))
    const { own } = listening(broken as () => Promise<never>)
    const response = await own.request(`/api/turns/${turnId}/fork`, json({ character: {} }))
    expect(response.status).toBe(400)
    const { error } = (await response.json()) as { error: { details: { problems: object[] } } }
    expect(error.details.problems).toHaveLength(2)
  })

  it('is listed with its turn', async () => {
    const forkId = await newFork()
    const response = await app.request(`/api/turns/${turnId}/forks`)
    expect(await response.json()).toMatchObject({
      success: true,
      data: { forks: [{ forkId, forkOf: turnId, model: 'other', state: 'queued' }] },
    })
  })
})

describe('the difference of a fork', () => {
  it('is shown once it has ended', async () => {
    const forkId = await newFork()
    const asked = app.request(`/api/turns/${forkId}/diff`)
    fake.settle(forkId, { state: 'replied', reply: { text: 'After.' } })
    const response = await asked
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      success: true,
      data: {
        forkId,
        forkOf: turnId,
        state: 'replied',
        text: { before: 'Before.', after: 'After.' },
      },
    })
  })

  it('is 202 with the state when that takes too long', async () => {
    const forkId = await newFork()
    const response = await app.request(`/api/turns/${forkId}/diff`)
    expect(response.status).toBe(202)
    expect(await response.json()).toEqual({ success: true, data: { forkId, state: 'queued' } })
  })

  it('is computed once, when the fork has ended', async () => {
    const forkId = await newFork()
    let times = 0
    const diff: FakeApi['deps']['forks']['diff'] = (id) => {
      times += 1
      return fake.deps.forks.diff(id)
    }
    const own = createApp({ ...fake.deps, forks: { ...fake.deps.forks, diff } })
    expect((await own.request(`/api/turns/${forkId}/diff`)).status).toBe(202)
    expect(times).toBe(0)
    fake.settle(forkId, { state: 'replied' })
    expect((await own.request(`/api/turns/${forkId}/diff`)).status).toBe(200)
    expect(times).toBe(1)
  })

  it('is refused at once for a turn that is no fork', async () => {
    const response = await app.request(`/api/turns/${turnId}/diff`)
    expect(response.status).toBe(409)
  })
})

describe('the turns of an agent', () => {
  it('are listed with forks only when they are asked for', async () => {
    const asked: (boolean | undefined)[] = []
    const turns: FakeApi['deps']['turns'] = {
      ...fake.deps.turns,
      list: async (_id, { withForks }) => {
        asked.push(withForks)
        return []
      },
    }
    const own = createApp({ ...fake.deps, turns })
    const path = `/api/agents/${randomUUID()}/turns`
    for (const query of ['', '?forks=true', '?forks=false']) await own.request(path + query)
    expect(asked).toEqual([false, true, false])
    expect((await own.request(`${path}?forks=maybe`)).status).toBe(400)
  })
})
