import type { Relationship } from '../../agent/memory.ts'
import type { Access } from './access.ts'
import { given, toObject } from './json.ts'
import type { RelationshipMembers } from './record-members.ts'
import type { ElizaRelationship } from './shapes.ts'

export function relationshipMembers(access: Access): RelationshipMembers {
  const find = async (pair: Pick<ElizaRelationship, 'sourceEntityId' | 'targetEntityId'>) => {
    const { sourceEntityId, targetEntityId } = pair
    const found = await access.records().relationships({ sourceEntityId, targetEntityId })
    return found[0]
  }
  return {
    async createRelationship(relationship) {
      if (await find(relationship)) return false // ElizaOS leaves the one that stands
      const id = relationship.id ?? access.nextId('relationship')
      await access.write(relationshipPut({ ...relationship, id }))
      return true
    },
    updateRelationship: (relationship) => access.write(relationshipPut(relationship)),
    async getRelationship(pair) {
      const found = await find(pair)
      return found ? toElizaRelationship(found) : null
    },
    async getRelationships({ entityId, tags }) {
      const asked = { entityId, tags: tags?.length ? [...tags] : undefined }
      const found = await access.records().relationships(given(asked))
      return found.map(toElizaRelationship)
    },
  }
}

function relationshipPut(relationship: ElizaRelationship) {
  const { id, sourceEntityId, targetEntityId, tags = [], metadata } = relationship
  return {
    kind: 'relationship.put',
    relationship: {
      ...{ ...(id && { id }), sourceEntityId, targetEntityId, tags: [...tags] },
      ...(metadata && { metadata: toObject(metadata, 'the metadata of a relationship') }),
    },
  } as const
}

const toElizaRelationship = (relationship: Relationship): ElizaRelationship => ({
  ...relationship,
  tags: [...relationship.tags],
  metadata: { ...relationship.metadata },
})
