import type { Entity } from '../../agent/memory.ts'
import type { RecordWrite } from '../../agent/records.ts'
import type { Access } from './access.ts'
import { toElizaComponent } from './components.ts'
import { toObject } from './json.ts'
import type { EntityMembers } from './record-members.ts'
import type { ElizaEntity } from './shapes.ts'

/** Of a room with more, the others come without their components. */
const MAX_WITH_COMPONENTS = 100

export function entityMembers(access: Access): EntityMembers {
  const byIds = async (ids: readonly string[]): Promise<ElizaEntity[]> => {
    if (ids.length === 0) return []
    const found = await access.records().entities(ids)
    const isMissing = ids.includes(access.agentId) && !found.some(({ id }) => id === access.agentId)
    const entities = found.map((entity) => toElizaEntity(entity, access.agentId))
    return isMissing ? [...entities, ownEntity(access)] : entities
  }
  const createEntities = async (entities: readonly ElizaEntity[]): Promise<boolean> => {
    for (const entity of entities) entity.agentId = access.agentId
    const writes = entities.map((entity) => entityPut(access, entity, { ifMissing: true }))
    if (writes.length > 0) await access.write(...writes)
    return true
  }
  return {
    getEntityById: async (id) => (id ? ((await byIds([id]))[0] ?? null) : null),
    getEntitiesByIds: (ids) => byIds([...new Set(ids)]),
    async getEntitiesForRoom(roomId, includeComponents = false) {
      const found = await access.records().entitiesOfRoom(roomId)
      const entities = found.map((entity) => toElizaEntity(entity, access.agentId))
      return includeComponents ? withComponents(access, entities) : entities
    },
    createEntity: (entity) => createEntities([entity]),
    createEntities,
    async ensureEntity(entity) {
      if (!entity.id) return null
      await createEntities([entity])
      return entity
    },
    updateEntity: (entity) => access.write(entityPut(access, entity, { ifMissing: false })),
  }
}

/** Until it has said something somewhere, its own entity may not be stored. */
export const ownEntity = ({ agentId, runtime }: Access): ElizaEntity & { id: string } => ({
  ...{ id: agentId, names: [runtime.character.name], metadata: {}, agentId },
})

async function withComponents(access: Access, entities: ElizaEntity[]): Promise<ElizaEntity[]> {
  const records = access.records()
  return Promise.all(
    entities.map(async (entity, at) => {
      if (at >= MAX_WITH_COMPONENTS) return { ...entity, components: [] }
      const components = await records.components({ entityId: entity.id })
      return { ...entity, components: components.map(toElizaComponent) }
    }),
  )
}

const toElizaEntity = ({ id, names, metadata }: Entity, agentId: string): ElizaEntity => ({
  ...{ id, names: [...names], metadata: { ...metadata }, agentId },
})

/** An entity without an id gets one. */
export function entityPut(
  access: Access,
  { id = access.nextId('entity'), names, metadata }: ElizaEntity,
  { ifMissing }: { readonly ifMissing: boolean },
): RecordWrite {
  const kept = (Array.isArray(names) ? names : [names]).filter((name) => typeof name === 'string')
  return {
    kind: 'entity.put',
    entity: {
      ...{ id, names: kept },
      ...(metadata && { metadata: toObject(metadata, 'the metadata of an entity') }),
    },
    ...(ifMissing && { ifMissing }),
  }
}
