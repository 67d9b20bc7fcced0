import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { type ApiApp, createApp } from '../../api/app.ts'
import type { Approval } from '../../api/approvals-port.ts'
import { stringToUuid } from '../../schema/ids.ts'
import { createFakeApi, type FakeApi } from '../support/fake-api-deps.ts'
import { fakeApprovalsPort } from '../support/fake-approvals-port.ts'
import { json } from '../support/json-request.ts'

const ADA = stringToUuid('Ada')
const PENDING = { id: randomUUID(), action: 'ORDER', parameters: { size: 'l' }, question: 'May I?' }

const approval = (given: Partial<Approval> = {}): Approval => ({
  ...PENDING,
  ...{ agentId: ADA, roomId: randomUUID(), channelId: randomUUID(), turnId: randomUUID() },
  ...{ entityId: randomUUID(), messageId: randomUUID(), approvableBy: 'admin', state: 'pending' },
  ...{ requestedAt: 10, deadlineAt: 20, answeredAt: null, answeredBy: null, answeredVia: null },
  comment: null,
  ...given,
})

let fake: FakeApi
let app: ApiApp
let stored: Approval[]

beforeEach(async () => {
  stored = [approval(), approval({ id: randomUUID(), state: 'denied', requestedAt: 5 })]
  fake = createFakeApi({}, { approvals: fakeApprovalsPort(stored) })
  app = createApp(fake.deps)
  await app.request('/api/agents', json({ characterJson: { name: 'Ada', bio: 'Kind.' } }))
})

const read = async (path: string, init?: RequestInit) => {
  const response = await app.request(path, init)
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}
const answer = (body: object, id = PENDING.id) => read(`/api/approvals/${id}/answer`, json(body))

describe('approvals', () => {
  it('are listed newest first, by agent and state', async () => {
    expect((await read('/api/approvals')).body).toEqual({
      ...{ success: true, data: { approvals: stored, next: null } },
    })
    const pending = await read(`/api/approvals?state=pending&agentId=${ADA}`)
    expect(pending.body).toMatchObject({ data: { approvals: [{ id: PENDING.id }] } })
    const inChannel = await read(`/api/approvals?channelId=${stored[1]?.channelId}`)
    expect(inChannel.body).toMatchObject({ data: { approvals: [{ id: stored[1]?.id }] } })
    const none = await read(`/api/approvals?agentId=${randomUUID()}`)
    expect(none.body).toMatchObject({ data: { approvals: [] } })
  })

  it('are listed page by page', async () => {
    const { data } = (await read('/api/approvals?limit=1')).body as { data: { next: string } }
    expect(data).toMatchObject({ approvals: [{ id: PENDING.id }], next: `10000.${PENDING.id}` })
    const rest = await read(`/api/approvals?limit=1&before=${data.next}`)
    expect(rest.body).toMatchObject({ data: { approvals: [{ id: stored[1]?.id }], next: null } })
    expect((await read('/api/approvals?before=10')).status).toBe(400)
  })

  it('are shown one by one', async () => {
    expect((await read(`/api/approvals/${PENDING.id}`)).body).toMatchObject({ data: stored[0] })
    expect((await read(`/api/approvals/${randomUUID()}`)).status).toBe(404)
  })

  it('are answered, and remember who did', async () => {
    const given = { decision: 'deny', by: 'Kim', comment: 'No.' }
    const { status, body } = await answer(given)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      data: { state: 'denied', answeredBy: 'Kim', answeredVia: 'api', comment: 'No.' },
    })
    expect((await answer(given)).status).toBe(200)
    expect((await answer({ decision: 'approve' })).status).toBe(409)
  })

  it('take the caller’s header for who answers', async () => {
    const by = randomUUID()
    const init = json({ decision: 'approve' })
    const headers = { ...init.headers, 'x-entity-id': by }
    const { body } = await read(`/api/approvals/${PENDING.id}/answer`, { ...init, headers })
    expect(body).toMatchObject({ data: { answeredBy: by } })
  })

  it.each([
    [{}, 'decision'],
    [{ decision: 'maybe' }, 'approve or deny'],
    [{ decision: 'approve', via: 'sweeper' }, 'api, cli or chat'],
    [{ decision: 'approve', by: '' }, 'must not be empty'],
  ])('refuse %j', async (body, words) => {
    const { status, body: refusal } = await answer(body)
    expect(status).toBe(400)
    expect(JSON.stringify(refusal)).toContain(words)
    expect(stored[0]?.state).toBe('pending')
  })
})

describe('whoever waits for a turn that is parked', () => {
  const parked = {
    state: 'waiting_approval',
    reply: { text: 'Gladly.' },
    approval: PENDING,
  } as const
  const post = (transport: string) => {
    fake.onTurn = ({ turnId }) => fake.settle(turnId, parked)
    const path = `/api/messaging/channels/${randomUUID()}/messages`
    return app.request(path, json({ author_id: randomUUID(), content: 'Pizza!', transport }))
  }

  it('gets what was said, the question, and 202', async () => {
    const response = await post('http')
    expect(response.status).toBe(202)
    expect(await response.json()).toMatchObject({
      ...{ agentResponse: { text: 'Gladly.' }, turn: { state: 'waiting_approval' } },
      turns: [{ approval: PENDING }],
    })
  })

  it('gets an event that ends the stream', async () => {
    const text = await (await post('sse')).text()
    const events = text.split('\n\n').filter((event) => event.includes('event:'))
    const last = events.at(-1) ?? ''
    expect(last).toContain('event: waiting_approval')
    expect(JSON.parse(/^data: (.*)$/m.exec(last)?.[1] ?? '')).toMatchObject({
      ...{ text: 'Gladly.', approval: PENDING, state: 'waiting_approval' },
    })
  })

  it('gets the end when it comes back after the answer', async () => {
    const { turnId } = (await (await post('websocket')).json()) as { turnId: string }
    fake.takeUp(turnId, 2)
    fake.settle(turnId, { state: 'replied', approval: null, reply: { text: 'Gladly.' } })
    const text = await (await app.request(`/api/turns/${turnId}/stream`)).text()
    expect(text).toContain('event: done')
    expect(text).not.toContain('waiting_approval')
  })
})
