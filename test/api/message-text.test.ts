import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { type ApiApp, createApp } from '../../api/app.ts'
import { createFakeApi, type FakeApi } from '../support/fake-api-deps.ts'
import { json } from '../support/json-request.ts'

const AUTHOR = randomUUID()

let fake: FakeApi
let app: ApiApp
let channel: string

beforeEach(async () => {
  fake = createFakeApi()
  app = createApp(fake.deps)
  channel = randomUUID()
  for (const name of ['Ada', 'Bo']) {
    await app.request('/api/agents', json({ characterJson: { name, bio: 'Kind.' } }))
  }
})

const path = () => `/api/messaging/channels/${channel}/messages`
const send = (fields: object = {}, headers: Record<string, string> = {}, own = app) =>
  own.request(path(), json({ author_id: AUTHOR, content: 'Hi', ...fields }, { headers }))

/** Every turn replies at once with what it was told. */
const echo = () => {
  fake.onTurn = ({ turnId }, text) => fake.settle(turnId, { reply: { text, actions: ['REPLY'] } })
}

interface Answer {
  readonly turnId: string
  readonly userMessage: Record<string, unknown>
  readonly turns: readonly { readonly id: string; readonly agentId: string }[]
  readonly agentResponse?: { readonly text: string } | null
}
const answerOf = async (response: Response) => (await response.json()) as Answer

describe('text', () => {
  it.each([
    ['SQL', `'; DROP TABLE messages; --`],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it must not be interpreted anywhere.
    ['templates', '{{system}} {{{bio}}} ${process.env.HOME} <%= 1 %> {{#each x}}'],
    ['markup', '<script>alert(1)</script> & <response><text>no</text></response>'],
    ['right-to-left', 'שלום \u202Eעולם\u202C مرحبا'],
    ['emoji', '👩‍👩‍👧‍👦 🏳️‍🌈 😀'],
    ['escapes', 'a\\u0000b \\ud800 \\n "quoted"'],
    ['white space', '  \t two\r\nlines \u00a0 '],
    ['100,000 characters', 'ж'.repeat(100_000)],
  ])('is kept verbatim: %s', async (_what, content) => {
    echo()
    const answer = await answerOf(await send({ transport: 'http', content }))
    expect(answer.userMessage.content).toBe(content)
    expect(answer.agentResponse?.text).toBe(content)
  })

  it('has U+FFFD where it had NUL and lone surrogates, in metadata and its keys too', async () => {
    const text = String.raw`{"author_id":"${AUTHOR}","content":"a\u0000b\uD83Dc\uDE00 \uD83D\uDE00","metadata":{"k\u0000":"\udfff"}}`
    const response = await app.request(path(), json(text))
    expect((await answerOf(response)).userMessage).toMatchObject({
      content: 'a\uFFFDb\uFFFDc\uFFFD 😀',
      metadata: { 'k\uFFFD': '\uFFFD' },
    })
  })
})
