import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach } from '@jest/globals'
import { createFakeApi, type FakeApi } from './fake-api-deps.ts'
import { json } from './json-request.ts'
import type { SentEvent } from './read-events.ts'
import { type ServedApi, serveApi } from './served-api.ts'

export const AUTHOR = randomUUID()

/** The API on a socket, anew for each test, with the agent Ada and a channel nobody has used. */
export interface LiveApi {
  readonly fake: FakeApi
  readonly url: string
  readonly channel: string
  readonly closing: AbortController
  post(path: string, body: unknown, headers?: object, signal?: AbortSignal): Promise<Response>
  /** Says `Hi` over sse. */
  send(headers?: Record<string, string>, signal?: AbortSignal): Promise<Response>
  resume(turnId: string, lastEventId?: string): Promise<Response>
  /** Lets each new turn say two pieces and reply. */
  sayHello(): void
  /** Adds the agent Bo, and makes the channel with both of them; their ids in its order. */
  addBo(): Promise<readonly string[]>
}

/** Registers the hooks of a test file. */
export function useLiveApi(): LiveApi {
  let now: { fake: FakeApi; served: ServedApi; channel: string; closing: AbortController }
  beforeEach(async () => {
    const closing = new AbortController()
    const fake = createFakeApi({ heartbeatMs: 20 }, { closing: closing.signal })
    now = { fake, served: await serveApi(fake.deps), channel: randomUUID(), closing }
    await post('/api/agents', { characterJson: { name: 'Ada', bio: 'Kind.' } })
  })
  afterEach(async () => {
    await now.served.stop()
    await now.fake.stream.close()
  })
  const post: LiveApi['post'] = (path, body, headers = {}, signal = undefined) =>
    fetch(now.served.url + path, { ...json(body, { headers: { ...headers } }), signal })
  return {
    get fake() {
      return now.fake
    },
    get url() {
      return now.served.url
    },
    get channel() {
      return now.channel
    },
    get closing() {
      return now.closing
    },
    post,
    send: (headers, signal) => {
      const body = { author_id: AUTHOR, content: 'Hi', transport: 'sse' }
      return post(`/api/messaging/channels/${now.channel}/messages`, body, headers, signal)
    },
    resume: (turnId, lastEventId) =>
      fetch(`${now.served.url}/api/turns/${turnId}/stream`, {
        headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
      }),
    sayHello: () => {
      now.fake.onTurn = ({ turnId }) => {
        now.fake.say(turnId, 'Hel', { seq: 0 })
        now.fake.say(turnId, 'lo.', { seq: 1 })
        now.fake.settle(turnId, { reply: { text: 'Hello.', actions: ['REPLY'] } })
      }
    },
    addBo: async () => {
      await post('/api/agents', { characterJson: { name: 'Bo', bio: 'Kind.' } })
      const agents = (await now.fake.deps.agents.list()).map(({ id }) => id)
      const body = { id: now.channel, name: 'Both', participantCentralUserIds: agents }
      await post('/api/messaging/channels', body)
      return agents
    },
  }
}

export const names = (events: readonly SentEvent[]): string[] => events.map(({ event }) => event)

/** The pieces that were said, and the names of all other events. */
export const story = (events: readonly SentEvent[]): unknown[] =>
  events.map(({ event, data }) => data.chunk ?? event)

export const turnOf = (events: readonly SentEvent[]): string => String(events.at(-1)?.data.turnId)
