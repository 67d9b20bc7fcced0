import { randomUUID } from 'node:crypto'
import { readEvents, type ServerEvent } from '../cli/sse.ts'
import { getJson, type House } from './house.ts'

const AUTHOR = randomUUID()

export interface Sent {
  readonly turnId: string
  readonly state: string
  readonly ms: number
  readonly sentAt: number
}

type Place = Pick<House, 'url' | 'agentId'>

/** Posts one message and waits for the reply. */
export async function say(house: Place, channelId: string, text: string): Promise<Sent> {
  const sentAt = Date.now()
  const began = performance.now()
  const answer = await post(house, channelId, text, 'http')
  const body = (await answer.json()) as { turnId?: string; turn?: { state: string } }
  const ms = performance.now() - began
  if (answer.status !== 201 || body.turn?.state !== 'replied' || !body.turnId) {
    throw new Error(
      `A message was answered with ${answer.status}: ${JSON.stringify(body).slice(0, 300)}`,
    )
  }
  return { turnId: body.turnId, state: body.turn.state, ms, sentAt }
}

/** Posts one message and reads its events. */
export async function stream(
  house: Place,
  channelId: string,
  text: string,
): Promise<AsyncGenerator<ServerEvent>> {
  const answer = await post(house, channelId, text, 'sse')
  if (!answer.ok || !answer.body) throw new Error(`A message was answered with ${answer.status}.`)
  return readEvents(answer.body)
}

/** Posts one message and does not wait. */
export async function drop(house: Place, channelId: string, text: string): Promise<string> {
  const answer = await post(house, channelId, text, 'websocket')
  const body = (await answer.json()) as { turnId: string }
  return body.turnId
}

function post(house: Place, channelId: string, content: string, transport: string) {
  return fetch(`${house.url}/api/messaging/channels/${channelId}/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      author_id: AUTHOR,
      content,
      transport,
      metadata: { targetAgentId: house.agentId, isDm: true },
    }),
  })
}

export interface Trace {
  readonly state: string
  readonly acceptedAt: number
  readonly settledAt: number | null
  readonly modelCalls: readonly { readonly state: string }[]
}

export async function trace(house: Place, turnId: string): Promise<Trace> {
  return (await getJson<{ data: Trace }>(`${house.url}/api/turns/${turnId}`)).data
}
