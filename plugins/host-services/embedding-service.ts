import { isUuid } from '../../schema/ids.ts'
import type { HostServicePorts } from './service-ports.ts'

/** Of the event EMBEDDING_GENERATION_REQUESTED, as plugins write it. */
export interface EmbeddingRequest {
  readonly memory?: {
    readonly id?: string
    readonly embedding?: readonly number[]
    readonly content?: { readonly text?: unknown }
  }
  readonly priority?: unknown
}

const PRIORITIES = ['high', 'normal', 'low'] as const

/** ElizaOS's EmbeddingGenerationService over a queue that outlives the process. */
export function createEmbeddingService(agentId: string, ports: HostServicePorts) {
  let known = { high: 0, normal: 0, low: 0 }
  return {
    capabilityDescription: 'Handles asynchronous embedding generation for memories',
    config: {},
    /** A memory with a vector, without a text or without an id needs none. */
    async handleEmbeddingRequest({ memory, priority }: EmbeddingRequest): Promise<void> {
      if (!memory?.id || !isUuid(memory.id) || memory.embedding || !memory.content?.text) return
      const rank = PRIORITIES.find((name) => name === priority) ?? 'normal'
      known = { ...(await ports.queueEmbedding(agentId, memory.id, rank)) }
    },
    /** As of the last request of this process. */
    getQueueSize: (): number => known.high + known.normal + known.low,
    getQueueStats: () => ({ ...known, total: known.high + known.normal + known.low }),
    clearQueue(): Promise<void> {
      known = { high: 0, normal: 0, low: 0 }
      return ports.clearEmbeddings(agentId)
    },
    async stop(): Promise<void> {},
  }
}
