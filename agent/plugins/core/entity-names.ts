import type { TurnContext } from '../../context.ts'
import type { Entity } from '../../memory.ts'

const MAX_NAME_LENGTH = 80

/** How people of the room are called in prompts. */
export interface EntityNames {
  readonly entities: readonly Entity[]
  nameOf(entityId: string): string
}

export async function readEntityNames({ agent, memories }: TurnContext): Promise<EntityNames> {
  const entities = await memories.entities()
  const names = new Map(entities.map((entity) => [entity.id, oneLine(entity.names[0] ?? '')]))
  names.set(agent.id, oneLine(agent.character.name))
  return { entities, nameOf: (entityId) => names.get(entityId) || 'Unknown' }
}

/** People choose their names: a line break in one would let it speak for others in the transcript. */
const oneLine = (name: string): string => name.replace(/\s+/g, ' ').trim().slice(0, MAX_NAME_LENGTH)
