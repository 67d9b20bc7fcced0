import { randomUUID } from 'node:crypto'
import type { Memory, Room } from '../../agent/memory.ts'
import type { ElizaMemory } from '../contract.ts'
import { contentOf } from './callback.ts'
import { plainObject } from './plain-json.ts'

/** A message as a plugin gives it: nearly every key may be missing. */
export function messageOf(
  given: ElizaMemory,
  { agentId, now }: { readonly agentId: string; readonly now: number },
): Memory {
  const { id = randomUUID(), entityId = agentId, worldId, createdAt = now } = given
  return {
    ...{ id, entityId, agentId, createdAt },
    roomId: given.roomId ?? agentId,
    ...(worldId !== undefined && { worldId }),
    content: contentOf(given.content).content,
    metadata: plainObject(given.metadata).json,
  }
}

/** Of a message whose room is not stored. */
export const roomOf = ({ roomId, agentId, worldId, content }: Memory): Room => ({
  ...{ id: roomId, agentId, channelId: roomId },
  worldId: worldId ?? agentId,
  source: content.source ?? 'unknown',
  type: content.channelType ?? 'GROUP',
})
