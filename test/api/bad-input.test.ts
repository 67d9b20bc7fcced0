import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from '@jest/globals'
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
