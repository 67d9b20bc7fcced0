import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { type ApiApp, createApp } from '../../api/app.ts'
import { DEFAULT_MESSAGE_SERVER_ID, stringToUuid } from '../../schema/ids.ts'
import { createFakeApi } from '../support/fake-api-deps.ts'
import { json } from '../support/json-request.ts'

const ADA_ID = stringToUuid('Ada')
const PERSON = randomUUID()
const channels = '/api/messaging/channels'

let app: ApiApp

beforeEach(async () => {
  app = createApp(createFakeApi().deps)
  await app.request('/api/agents', json({ characterJson: { name: 'Ada', bio: 'Kind.' } }))
})

interface Created {
  readonly data: { readonly id: string; readonly messageServerId: string }
}

async function createChannel(fields: object = {}): Promise<Created['data']> {
  const response = await app.request(channels, json({ name: 'Lobby', ...fields }))
  expect(response.status).toBe(201)
  return ((await response.json()) as Created).data
}

describe('a channel', () => {
  it('needs no more than a name', async () => {
    expect(await createChannel()).toMatchObject({
      name: 'Lobby',
      type: 'GROUP',
      messageServerId: DEFAULT_MESSAGE_SERVER_ID,
      metadata: {},
    })
  })

  it('keeps what it is given, the server under its old name too', async () => {
    const server = randomUUID()
    const fields = { id: randomUUID(), type: 'DM', server_id: server, metadata: { a: [1] } }
    const { server_id, ...kept } = fields
    expect(await createChannel(fields)).toMatchObject({ ...kept, messageServerId: server_id })
  })

  it.each([
    ['no name', { name: undefined }, 'name'],
    ['an empty name', { name: '' }, 'name'],
    [
      'a participant that is no UUID',
      { participantCentralUserIds: [PERSON, 'me'] },
      'participantCentralUserIds.1',
    ],
    [
      'participants that are no list',
      { participantCentralUserIds: PERSON },
      'participantCentralUserIds',
    ],
  ])('is refused with %s', async (_what, fields, path) => {
    const response = await app.request(channels, json({ name: 'Lobby', ...fields }))
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ success: false, details: path })
  })

  it('is shown with its details', async () => {
    const channel = await createChannel()
    const response = await app.request(`${channels}/${channel.id}/details`)
    expect(await response.json()).toMatchObject({
      success: true,
      data: { id: channel.id, name: 'Lobby' },
    })
  })

  it('gains and loses an agent', async () => {
    const { id } = await createChannel({ participantCentralUserIds: [PERSON] })
    const participants = async () =>
      ((await (await app.request(`${channels}/${id}/participants`)).json()) as { data: unknown })
        .data
    const added = await app.request(`${channels}/${id}/agents`, json({ agentId: ADA_ID }))
    expect(added.status).toBe(201)
    expect(await added.json()).toMatchObject({ data: { channelId: id, agentId: ADA_ID } })
    expect(await participants()).toEqual([PERSON, ADA_ID])
    const path = `${channels}/${id}/agents/${ADA_ID}`
    const removed = await app.request(path, { method: 'DELETE' })
    expect(removed.status).toBe(200)
    expect(await participants()).toEqual([PERSON])
    const again = await app.request(path, { method: 'DELETE' })
    expect(again.status).toBe(404)
    expect(await again.json()).toMatchObject({ error: expect.stringContaining('participant') })
  })

  it('cannot gain an agent that does not exist, nor one without an id', async () => {
    const { id } = await createChannel()
    const unknown = await app.request(`${channels}/${id}/agents`, json({ agentId: randomUUID() }))
    expect(unknown.status).toBe(404)
    const missing = await app.request(`${channels}/${id}/agents`, json({}))
    expect(missing.status).toBe(400)
    expect(await missing.json()).toMatchObject({ details: 'agentId' })
  })
})
