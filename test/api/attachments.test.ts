import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { type ApiApp, createApp } from '../../api/app.ts'
import { createFakeApi, type FakeApi } from '../support/fake-api-deps.ts'
import { json } from '../support/json-request.ts'

const CAT = { id: 'cat', url: 'https://example.org/cat.png', contentType: 'image' }

let fake: FakeApi
let app: ApiApp

beforeEach(async () => {
  fake = createFakeApi()
  app = createApp(fake.deps)
  await app.request('/api/agents', json({ characterJson: { name: 'Ada', bio: 'Kind.' } }))
})

const send = (fields: object) =>
  app.request(
    `/api/messaging/channels/${randomUUID()}/messages`,
    json({ author_id: randomUUID(), content: 'Look!', ...fields }),
  )

const attachments = () => fake.accepted.map(({ metadata }) => metadata.attachments)

describe('what comes with a message', () => {
  it.each([
    ['in its body', { attachments: [CAT] }],
    ['in its metadata', { metadata: { attachments: [CAT], a: 1 } }],
    ['in the raw message', { raw_message: { attachments: [CAT] } }],
    ['in its body, before elsewhere', { attachments: [CAT], metadata: { attachments: ['x'] } }],
  ])('may stand %s', async (_, fields) => {
    expect((await send(fields)).status).toBe(201)
    expect(attachments()).toEqual([[CAT]])
  })

  it('keeps what ElizaOS knows of it, and gets an id that a repeat gets again', async () => {
    const media = { url: CAT.url, title: 'Tom', description: 'A cat.', source: 'phone', text: 'M' }
    for (const _ of [1, 2]) await send({ attachments: [{ ...media, size: 9, id: null }, media] })
    const [[one, two], again] = attachments() as [[typeof CAT, typeof CAT], unknown]
    expect(one).toEqual({ ...media, id: expect.stringMatching(/^[\da-f-]{36}$/) })
    expect(two.id).not.toBe(one.id)
    expect(again).toEqual([one, two])
  })

  it.each([{}, { attachments: null }, { attachments: [] }, { metadata: { attachments: null } }])(
    'may be nothing: %j',
    async (fields) => {
      expect((await send(fields)).status).toBe(201)
      expect(fake.accepted).toHaveLength(1)
    },
  )

  it('may come without a text', async () => {
    expect((await send({ content: '', attachments: [CAT] })).status).toBe(201)
    expect((await send({ content: ' ', attachments: [] })).status).toBe(400)
  })

  it('may be inside of the message', async () => {
    const inline = { ...CAT, url: `data:image/png;base64,${'A'.repeat(1_000_000)}` }
    expect((await send({ attachments: [inline] })).status).toBe(201)
    expect(attachments()).toEqual([[inline]])
  })
})

const bad = (media: object) => ({ attachments: [CAT, { ...CAT, ...media }] })

describe('what is no attachment', () => {
  it.each([
    ['no list', { attachments: 'cat.png' }, 'attachments'],
    ['no object', { attachments: ['cat.png'] }, 'attachments.0'],
    ['no url', { attachments: [{ id: 'x' }] }, 'attachments.0.url'],
    ['too many', { attachments: Array.from({ length: 11 }, () => CAT) }, 'attachments'],
    ['a path', bad({ url: '/media/uploads/cat.png' }), 'attachments.1.url'],
    ['a file', bad({ url: 'file:///etc/passwd' }), 'attachments.1.url'],
    ['a script', bad({ url: 'javascript:alert(1)' }), 'attachments.1.url'],
    ['no address', bad({ url: 'https://' }), 'attachments.1.url'],
    ['a long address', bad({ url: `https://x.org/${'x'.repeat(2_048)}` }), 'attachments.1.url'],
    ['half a data: URL', bad({ url: 'data:image/png' }), 'attachments.1.url'],
    ['a long title', bad({ title: 'x'.repeat(501) }), 'attachments.1.title'],
    ['a wrong type', bad({ contentType: 7 }), 'attachments.1.contentType'],
    ['an empty id', bad({ id: '' }), 'attachments.1.id'],
    ['no list in metadata', { metadata: { attachments: {} } }, 'metadata.attachments'],
    ['a path in metadata', { metadata: bad({ url: 'x' }) }, 'metadata.attachments.1.url'],
    ['a path in raw_message', { raw_message: bad({ url: 'x' }) }, 'raw_message.attachments.1.url'],
  ])('is refused by the name of the field: %s', async (_, fields, path) => {
    const response = await send(fields)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: expect.stringContaining(`Invalid ${path}: `),
      details: path,
    })
    expect(fake.accepted).toEqual([])
  })
})
