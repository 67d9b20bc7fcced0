import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { Dedup } from '../../agent/connector.ts'
import { createUniqueUuid } from '../../schema/ids.ts'
import type { Delivered } from './evidence.ts'
import type { House } from './house.ts'
import { PLATFORMS } from './platform.ts'

/** A channel on the platform, and the agent's room for it. */
export interface CrashRoom {
  readonly channelId: string
  readonly roomId: string
  /** What the platform delivered so far, with the turns it was told of. */
  readonly inbound: readonly Delivered[]
  /**
   * Delivers a message as platforms do: again and again under one id, until somebody says that it is
   * safe. @returns its turn's id.
   */
  deliver(externalId: string, limitMs?: number): Promise<string>
}

const answer = z.object({ turnId: z.string() })

/** A platform gives up on a request, not on a message. */
const REQUEST_MS = 6_000
const PAUSE_MS = 150
const DELIVERY_MS = 30_000

const AUTHOR = randomUUID()

export function openRoom(house: House, agentId: string, dedup: Dedup): CrashRoom {
  const channelId = randomUUID()
  const inbound: { externalId: string; turnIds: string[] }[] = []
  const note = (externalId: string) => {
    const known = inbound.find((message) => message.externalId === externalId)
    if (known) return known
    const message = { externalId, turnIds: [] }
    inbound.push(message)
    return message
  }
  return {
    ...{ channelId, inbound, roomId: createUniqueUuid(agentId, channelId) },
    async deliver(externalId, limitMs = DELIVERY_MS) {
      const { turnIds } = note(externalId)
      const deadline = Date.now() + limitMs
      for (let last: unknown; ; await delay(PAUSE_MS)) {
        try {
          const turnId = await post(
            `${await house.crew.apiUrl()}/api/messaging/channels/${channelId}/messages`,
            {
              source_type: PLATFORMS[dedup],
              source_id: externalId,
              content: externalId,
              metadata: { isDm: true, targetAgentId: agentId },
            },
          )
          if (!turnIds.includes(turnId)) turnIds.push(turnId)
          return turnId
        } catch (error) {
          last = error
        }
        if (Date.now() > deadline) {
          throw new Error(`Nobody accepted '${externalId}' within ${limitMs} ms.`, { cause: last })
        }
      }
    },
  }
}

/** The text is the message's id, so that prompts and replies tell whose they are. */
async function post(url: string, message: object): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...message,
      author_id: AUTHOR,
      transport: 'websocket',
    }),
    signal: AbortSignal.timeout(REQUEST_MS),
  })
  const body = await response.text()
  if (response.status !== 201) throw new Error(`Answered ${response.status}: ${body}`)
  return answer.parse(JSON.parse(body)).turnId
}
