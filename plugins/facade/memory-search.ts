import type { ElizaMemory } from '../contract.ts'
import { PluginError } from '../plugin-error.ts'
import type { Access } from './access.ts'
import { editDistance } from './edit-distance.ts'
import { given, textOf } from './json.ts'
import { toElizaMemory } from './memories.ts'
import { ranked } from './rank.ts'
import type { MemorySearchMembers } from './record-members.ts'
import type { EmbeddingsAsked, MemorySearchAsked } from './shapes.ts'

/** Of the newest memories with vectors, so many are compared by their words. */
const MAX_COMPARED = 200

export function memorySearchMembers(access: Access): MemorySearchMembers {
  return {
    searchMemories: (asked) => searchMemories(access, asked),
    rerankMemories: async (query, memories) =>
      ranked(query, memories, (memory) => textOf(memory.content)),
    getCachedEmbeddings: (asked) => cachedEmbeddings(access, asked),
    addEmbeddingToMemory: (memory) => addEmbedding(access, memory),
    async queueEmbeddingGeneration(memory, priority = 'normal') {
      if (!memory || memory.embedding || !textOf(memory.content)) return
      const request = {
        ...{ memory, priority, retryCount: 0, maxRetries: 3 },
        runId: access.runtime.getCurrentRunId(),
      }
      await access.runtime.emitEvent('EMBEDDING_GENERATION_REQUESTED', request)
    },
  }
}

async function searchMemories(access: Access, asked: MemorySearchAsked) {
  const { tableName: type, roomId, worldId, entityId, unique, query } = asked
  const { embedding, match_threshold: threshold, count = asked.limit } = asked
  if (!embedding?.length) return []
  const found = await access.records().searchMemories({
    embedding: Array.from(embedding),
    ...given({ type, roomId, worldId, entityId, threshold, count, unique: unique || undefined }),
  })
  const memories = found.map(toElizaMemory)
  return query ? access.runtime.rerankMemories(query, memories) : memories
}

async function cachedEmbeddings(access: Access, asked: EmbeddingsAsked) {
  const { query_table_name: type, query_match_count: count, query_threshold: threshold } = asked
  const rows = await access.records().memories({
    ...{ type, count: MAX_COMPARED, withEmbeddings: true },
  })
  const key = asked.query_field_sub_name || 'text'
  return rows
    .flatMap(({ embedding, content }) => {
      const text = content[key]
      if (!embedding || typeof text !== 'string') return []
      const score = editDistance(text, asked.query_input)
      return score <= threshold ? [{ embedding: [...embedding], levenshtein_score: score }] : []
    })
    .sort((a, b) => a.levenshtein_score - b.levenshtein_score)
    .slice(0, count)
}

/** The memory itself is changed: plugins throw the answer away. */
async function addEmbedding<M extends ElizaMemory>(access: Access, memory: M): Promise<M> {
  if (memory.embedding?.length) return memory
  const text = textOf(memory.content)
  if (!text) {
    const message = `The memory '${memory.id ?? 'without an id'}' has no text, and so no vector. Ask only for memories with 'content.text'.`
    throw new PluginError('runtime', message)
  }
  const vector = await access.runtime.useModel<unknown>('TEXT_EMBEDDING', { text })
  if (Array.isArray(vector)) memory.embedding = vector
  return memory
}
