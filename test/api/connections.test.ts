import { describe, expect, it } from '@jest/globals'
import { AUTHOR, names, useLiveApi } from '../support/live-api.ts'
import { allEvents, readEvents } from '../support/read-events.ts'

const api = useLiveApi()

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error('It did not happen within 5 s.')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

describe('a silent stream', () => {
  it('says that it lives', async () => {
    const turnIds: string[] = []
    api.fake.onTurn = ({ turnId }) => turnIds.push(turnId)
    const comments: string[] = []
    const reading = readEvents(await api.send(), comments)
    await reading.next()
    const rest = reading.next()
    await until(() => comments.length >= 2)
    api.fake.settle(String(turnIds[0]), { reply: { text: 'Hi.' } })
    expect((await rest).value).toMatchObject({ event: 'done' })
    expect(new Set(comments)).toEqual(new Set(['heartbeat']))
  })

  it('frees what it held when its reader leaves', async () => {
    const leaving = new AbortController()
    await api.send({}, leaving.signal)
    await until(() => api.fake.stream.held().readers === 1)
    leaving.abort()
    await until(() => api.fake.stream.held().readers === 0)
    expect(api.fake.stream.held()).toEqual({ turns: 0, readers: 0 })
  })

  it('ends without an answer when the server shuts down, to be resumed elsewhere', async () => {
    const response = await api.send()
    await until(() => api.fake.stream.held().readers === 1)
    api.closing.abort()
    expect(names(await allEvents(response))).toEqual(['user_message'])
  })
})

describe('a request over http', () => {
  it('frees what it held when its client leaves', async () => {
    const leaving = new AbortController()
    const path = `/api/messaging/channels/${api.channel}/messages`
    const body = { author_id: AUTHOR, content: 'Hi', transport: 'http' }
    const left = api.post(path, body, {}, leaving.signal).catch((error: Error) => error.name)
    await until(() => api.fake.stream.held().readers === 1)
    leaving.abort()
    expect(await left).toBe('AbortError')
    await until(() => api.fake.stream.held().readers === 0)
  })

  it('with 5 MB gets 413 over a real socket, and the next one is served', async () => {
    const path = `/api/messaging/channels/${api.channel}/messages`
    const body = { author_id: AUTHOR, content: 'x'.repeat(5_000_000) }
    for (const _time of [1, 2, 3]) {
      const response = await api.post(path, body)
      expect(response.status).toBe(413)
      expect(await response.json()).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
    }
    expect((await fetch(`${api.url}/healthz`)).status).toBe(200)
  })

  it('with 5 MB in chunks of unknown length gets 413 too', async () => {
    async function* pieces() {
      for (let piece = 0; piece < 50; piece += 1) yield Buffer.alloc(100_000, 'x')
    }
    const response = await fetch(`${api.url}/api/agents`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: pieces(),
      duplex: 'half',
    })
    expect(response.status).toBe(413)
  })

  it('with 100,000 characters is echoed verbatim over a real socket', async () => {
    const content = '{{system}} 😀'.repeat(8_000)
    api.fake.onTurn = ({ turnId }, text) => api.fake.settle(turnId, { reply: { text } })
    const path = `/api/messaging/channels/${api.channel}/messages`
    const response = await api.post(path, { author_id: AUTHOR, content, transport: 'http' })
    expect(await response.json()).toMatchObject({ agentResponse: { text: content } })
  })
})
