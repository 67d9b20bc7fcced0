import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { type ApiApp, createApp } from '../../api/app.ts'
import { stringToUuid } from '../../schema/ids.ts'
import { createFakeApi, type FakeApi } from '../support/fake-api-deps.ts'
import { json } from '../support/json-request.ts'

const ADA = stringToUuid('Ada')

let fake: FakeApi
let app: ApiApp

beforeEach(async () => {
  fake = createFakeApi()
  app = createApp(fake.deps)
  await app.request('/api/agents', json({ characterJson: { name: 'Ada', bio: 'Kind.' } }))
})

async function newTurn(): Promise<string> {
  const path = `/api/messaging/channels/${randomUUID()}/messages`
  const response = await app.request(path, json({ author_id: randomUUID(), content: 'Hi' }))
  return ((await response.json()) as { turnId: string }).turnId
}

describe('a turn', () => {
  it('is shown with all that is known of it', async () => {
    const turnId = await newTurn()
    const response = await app.request(`/api/turns/${turnId}`)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      success: true,
      data: await fake.deps.turns.trace(turnId),
    })
  })

  it('is cancelled once, and stays as it is after that', async () => {
    const turnId = await newTurn()
    for (const _attempt of [1, 2]) {
      const response = await app.request(`/api/turns/${turnId}/cancel`, { method: 'POST' })
      expect(response.status).toBe(200)
      expect(await response.json()).toMatchObject({
        success: true,
        data: { turnId, state: 'cancelled', code: 'cancelled_by_user' },
      })
    }
  })

  it('gets 202 while its cancellation is under way', async () => {
    const turnId = await newTurn()
    const turns = { ...fake.deps.turns, cancel: fake.deps.turns.result }
    const own = createApp({ ...fake.deps, turns })
    const response = await own.request(`/api/turns/${turnId}/cancel`, { method: 'POST' })
    expect(response.status).toBe(202)
    expect(await response.json()).toMatchObject({ data: { state: 'queued' } })
  })

  it('gives its history for replay', async () => {
    const response = await app.request(`/api/turns/${await newTurn()}/history`)
    expect(await response.json()).toEqual({ success: true, data: { events: [{ eventId: 1 }] } })
  })
})

describe('the turns of an agent', () => {
  it('are listed by state', async () => {
    const [running, done] = [await newTurn(), await newTurn()]
    fake.settle(done, { state: 'replied' })
    const list = async (query: string) => {
      const response = await app.request(`/api/agents/${ADA}/turns${query}`)
      const { data } = (await response.json()) as { data: { turns: { turnId: string }[] } }
      return data.turns.map(({ turnId }) => turnId)
    }
    expect(await list('')).toEqual([running, done])
    expect(await list('?state=replied')).toEqual([done])
    expect(await list('?limit=1')).toEqual([running])
  })
})
