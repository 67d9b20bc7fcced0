import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { type ApiApp, createApp } from '../../api/app.ts'
import { createFakeApi, type FakeApi } from '../support/fake-api-deps.ts'
import { json } from '../support/json-request.ts'

let fake: FakeApi
let app: ApiApp

beforeEach(async () => {
  fake = createFakeApi()
  app = createApp(fake.deps)
  await app.request('/api/agents', json({ characterJson: { name: 'Ada', bio: 'Kind.' } }))
})

async function turnThat(state: 'failed' | 'replied'): Promise<string> {
  const path = `/api/messaging/channels/${randomUUID()}/messages`
  const response = await app.request(path, json({ author_id: randomUUID(), content: 'Hi' }))
  const { turnId } = (await response.json()) as { turnId: string }
  const code = state === 'failed' ? 'model_rejected' : null
  fake.settle(turnId, { state, code, error: code && 'The key is wrong.' })
  return turnId
}

const list = async (query = '') => {
  const response = await app.request(`/api/dead-letters${query}`)
  const body = (await response.json()) as {
    data: { deadLetters: { turnId: string }[]; next: string | null }
  }
  return { status: response.status, ...body.data }
}

const post = (turnId: string, verb: string, body: object, headers: Record<string, string> = {}) => {
  const request = json(body)
  const all = { ...(request.headers as Record<string, string>), ...headers }
  return app.request(`/api/dead-letters/${turnId}/${verb}`, { ...request, headers: all })
}

const actsOf = async (turnId: string) => (await fake.deps.deadLetters.get(turnId)).acts

describe('the dead letters', () => {
  it('are the turns that ended badly, newest first, those that are open unless another state is asked for', async () => {
    await turnThat('replied')
    const [old, young, skipped] = [
      await turnThat('failed'),
      await turnThat('failed'),
      await turnThat('failed'),
    ]
    await post(skipped, 'skip', {})
    const open = await list()
    expect(open.deadLetters.map(({ turnId }) => turnId)).toEqual([young, old])
    expect(open.next).toBeNull()
    expect(open.deadLetters[0]).toMatchObject({
      ...{ deadLetter: 'open', state: 'failed', code: 'model_rejected', text: 'Hi' },
      error: 'The key is wrong.',
    })
    expect((await list('?state=skipped')).deadLetters).toMatchObject([{ turnId: skipped }])
    expect((await list('?state=all')).deadLetters).toHaveLength(3)
    expect((await list(`?agentId=${randomUUID()}`)).deadLetters).toEqual([])
  })

  it('come in pages, whose cursor the next request sends back', async () => {
    for (const _turn of [1, 2, 3]) await turnThat('failed')
    const { next } = await list('?limit=2')
    expect(next).toMatch(/^\d+\.[0-9a-f-]{36}$/)
    expect((await list(`?limit=2&before=${next}`)).status).toBe(200)
  })

  it.each([
    ['?state=lost', 'state'],
    ['?before=1700000000000', 'before'],
    ['?limit=0', 'limit'],
    ['?agentId=ada', 'agentId'],
  ])('refuse %s', async (query, field) => {
    const response = await app.request(`/api/dead-letters${query}`)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { details: { path: field } } })
  })
})

describe('a dead letter', () => {
  it('is shown with its message and the trace of its turn', async () => {
    const turnId = await turnThat('failed')
    const response = await app.request(`/api/dead-letters/${turnId}`)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      success: true,
      data: {
        ...{ turnId, deadLetter: 'open', message: { content: 'Hi' }, acts: [] },
        turn: { turnId, steps: [], modelCalls: [] },
      },
    })
  })

  it('does not exist for a turn that ended well, or that nobody knows', async () => {
    for (const turnId of [await turnThat('replied'), randomUUID()]) {
      expect((await app.request(`/api/dead-letters/${turnId}`)).status).toBe(404)
      expect((await post(turnId, 'retry', {})).status).toBe(404)
      expect((await post(turnId, 'skip', {})).status).toBe(404)
    }
  })

  it('is retried with 202, and a second time refused with 409 and how the turn stands', async () => {
    const turnId = await turnThat('failed')
    const response = await post(turnId, 'retry', { by: 'sam', comment: 'Mended.' })
    expect(response.status).toBe(202)
    expect(await response.json()).toMatchObject({
      data: { turnId, deadLetter: 'retried', state: 'queued', gen: 2 },
    })
    const again = await post(turnId, 'retry', { by: 'eve' })
    expect(again.status).toBe(409)
    expect(await again.json()).toMatchObject({
      error: { code: 'CONFLICT', message: expect.stringContaining('queued') },
    })
    expect(await actsOf(turnId)).toMatchObject([{ act: 'retry', by: 'sam', comment: 'Mended.' }])
  })

  it('is skipped by whom the body names, else the header, else the API', async () => {
    const entity = randomUUID()
    const turns = [await turnThat('failed'), await turnThat('failed'), await turnThat('failed')]
    const [named, byHeader, byNobody] = turns
    expect(
      (await post(named ?? '', 'skip', { by: ' sam ' }, { 'x-entity-id': entity })).status,
    ).toBe(200)
    await post(byHeader ?? '', 'skip', {}, { 'x-entity-id': entity })
    await post(byNobody ?? '', 'skip', {})
    const acts = await Promise.all(turns.map(actsOf))
    expect(acts.flat().map(({ by }) => by)).toEqual(['sam', entity, 'api'])
  })

  it.each([
    ['retry', { text: ' ' }, 'text'],
    ['retry', { txt: 'Hello' }, 'txt'],
    ['retry', { by: '' }, 'by'],
    ['skip', { text: 'Hello' }, 'text'],
    ['skip', { comment: 7 }, 'comment'],
  ] as const)('refuses to %s with %j', async (verb, body, field) => {
    const turnId = await turnThat('failed')
    const response = await post(turnId, verb, body)
    expect(response.status).toBe(400)
    expect(JSON.stringify(await response.json())).toContain(field)
    expect(await actsOf(turnId)).toEqual([])
  })
})
