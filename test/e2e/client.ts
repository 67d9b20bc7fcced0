import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import * as answers from '../../schema/api-answers.ts'
import type { JsonObject } from '../../schema/json.ts'
import { isTerminal, type Overlap, type OverlapPolicy } from '../../schema/turn.ts'
import { json } from '../support/json-request.ts'
import { until } from './until.ts'

export type Posted = z.infer<typeof answers.postedMessage>
export type Trace = z.infer<typeof answers.turnTrace>
export type Message = z.infer<typeof answers.message>

export interface PostOptions {
  readonly transport?: 'http' | 'sse' | 'websocket'
  readonly headers?: Readonly<Record<string, string>>
  /** What it does to unfinished turns of the room. */
  readonly overlap?: Overlap | OverlapPolicy
  /** Hangs up. */
  readonly signal?: AbortSignal
}

/** What a person's client does with a running API; answers are checked against the documented schema. */
export interface Client {
  readonly url: string
  get(path: string): Promise<Response>
  /** The stream of a turn, behind an event. */
  resume(turnId: string, lastEventId: string, signal?: AbortSignal): Promise<Response>
  /** Over http by default. */
  post(channelId: string, content: string, options?: PostOptions): Promise<Response>
  /** Posts over http and waits for the reply. */
  say(channelId: string, content: string, headers?: PostOptions['headers']): Promise<Posted>
  /** Posts and waits for nothing; the turn's id. */
  drop(channelId: string, content: string): Promise<string>
  trace(turnId: string): Promise<Trace>
  /** The turn once it has ended. */
  settled(turnId: string, limitMs?: number): Promise<Trace>
  history(turnId: string): Promise<JsonObject>
  /** Of a channel, oldest first. */
  messages(channelId: string): Promise<Message[]>
  /** What the agent said in a channel, oldest first. */
  replies(channelId: string): Promise<string[]>
}

const envelope = z.looseObject({ data: z.unknown() })

export const AUTHOR = randomUUID()

export function createClient(url: string): Client {
  const get = (path: string) => fetch(url + path)
  const data = async (path: string): Promise<unknown> => {
    const answer = await get(path)
    const body = envelope.parse(await answer.json())
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${JSON.stringify(body)}`)
    return body.data
  }
  const post: Client['post'] = (channelId, content, options = {}) => {
    const { transport = 'http', headers, signal, overlap } = options
    const metadata = { isDm: true }
    const body = { author_id: AUTHOR, content, transport, metadata, overlap }
    const path = `/api/messaging/channels/${channelId}/messages`
    return fetch(url + path, { ...json(body, { headers }), signal })
  }
  const trace = async (turnId: string) =>
    answers.turnTrace.parse(await data(`/api/turns/${turnId}`))
  const messages = async (channelId: string) => {
    const page = await data(`/api/messaging/channels/${channelId}/messages?limit=500`)
    return answers.messageList.parse(page).messages.toReversed()
  }
  return {
    url,
    get,
    resume: (turnId, lastEventId, signal) => {
      const headers = { 'last-event-id': lastEventId }
      return fetch(`${url}/api/turns/${turnId}/stream`, { headers, signal })
    },
    post,
    say: async (channelId, content, headers) =>
      posted(await post(channelId, content, { headers }), 201),
    drop: async (channelId, content) =>
      (await posted(await post(channelId, content, { transport: 'websocket' }), 201)).turnId,
    trace,
    settled: (turnId, limitMs) =>
      until(
        `turn ${turnId} ends`,
        async () => {
          const turn = await trace(turnId)
          return isTerminal(turn.state) ? turn : undefined
        },
        limitMs,
      ),
    // It came as JSON.
    history: async (turnId) => (await data(`/api/turns/${turnId}/history`)) as JsonObject,
    messages,
    replies: async (channelId) =>
      (await messages(channelId))
        .filter(({ sourceType }) => sourceType === 'agent_response')
        .map(({ content }) => content),
  }
}

/** @throws when the answer has another status, with its body. */
export async function posted(response: Response, status: number): Promise<Posted> {
  const body = await response.text()
  if (response.status !== status) throw new Error(`Answered ${response.status}: ${body}`)
  return answers.postedMessage.parse(JSON.parse(body))
}
