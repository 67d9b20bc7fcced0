import type { RoomRecord } from '../../agent/records.ts'
import { DEFAULT_MESSAGE_SERVER_ID } from '../../schema/ids.ts'
import type { AcceptInput } from '../../turns/accept.ts'
import type { Around } from './around.ts'

interface Incoming {
  readonly input: AcceptInput
  readonly room: Pick<RoomRecord, 'type'>
}

/** Leads what a plugin brings in past whoever stands around the door. @returns the id of its turn */
export async function aroundInput(
  around: Around | undefined,
  { input, room }: Incoming,
  store: () => Promise<string>,
): Promise<string> {
  if (!around) return store()
  const { message, hearers } = input
  const { inReplyTo, externalId: sourceId, bodyHash: _, ...posted } = message
  const arrival = {
    message: { ...posted, inReplyTo: inReplyTo ?? undefined, isDirect: room.type === 'DM' },
    ...{ hearers, door: 'program' as const },
  }
  const { turns } = await around(arrival, async () => {
    const turnId = await store()
    const { rawMessage, id, channelId, authorId, content, sourceType, metadata } = message
    const place = {
      messageServerId: DEFAULT_MESSAGE_SERVER_ID,
      turnId: null,
      createdAt: Date.now(),
    }
    return {
      message: {
        ...{ id, channelId, authorId, content, sourceType, metadata, rawMessage },
        ...{ inReplyTo, sourceId, ...place },
      },
      turns: hearers.map(({ agentId }) => ({ turnId, agentId, state: 'queued' as const })),
      isRepeat: turnId !== hearers[0]?.turnId,
    }
  })
  return turns[0]?.turnId ?? ''
}
