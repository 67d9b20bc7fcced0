import type { Content, Memory } from '../../agent/memory.ts'
import type { State } from '../../agent/provider.ts'
import type { ElizaMemory, ElizaState } from '../contract.ts'
import { plainObject } from './plain-json.ts'

/** A copy of its own for each member: what it changes in it reaches nobody. */
export function elizaMemory(memory: Memory): ElizaMemory {
  return { ...structuredClone(memory), content: structuredClone(memory.content) }
}

/** The same, with the three keys that ElizaOS's members rely on. */
export function elizaState({ values, data, text }: State): ElizaState {
  return { values: copyOf(values), data: copyOf(data), text }
}

export const emptyState = (): ElizaState => ({ values: {}, data: {}, text: '' })

function copyOf(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  try {
    return structuredClone(given)
  } catch {
    return plainObject(given).json // a provider gave a function, or a live object
  }
}

/** What the agent says, as the memory that ElizaOS's callback returns. */
export function saidMemory(
  message: Pick<Memory, 'agentId' | 'roomId' | 'worldId'>,
  { id, content, at }: { id: string; content: Content; at: number },
): ElizaMemory {
  const { agentId, roomId, worldId } = message
  return {
    ...{ id, agentId, entityId: agentId, roomId, createdAt: at },
    ...(worldId !== undefined && { worldId }),
    content: structuredClone(content),
    metadata: { type: 'message' },
  }
}
