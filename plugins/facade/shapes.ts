import type { ElizaMemory, ElizaTask } from '../contract.ts'

/** ElizaOS's records (elizaos.md 5.1), as plugins give and get them: nearly every key may be missing. */
export interface ElizaEntity {
  id?: string
  names: string[]
  metadata?: Record<string, unknown>
  agentId?: string
  components?: ElizaComponent[]
}

export interface ElizaComponent {
  id: string
  entityId: string
  agentId?: string
  roomId?: string
  worldId?: string
  sourceEntityId?: string
  type: string
  data: Record<string, unknown>
  createdAt?: number
}

export interface ElizaRoom {
  id: string
  name?: string
  agentId?: string
  source?: string
  type?: string
  channelId?: string
  messageServerId?: string
  /** Older plugins' name of `messageServerId`. */
  serverId?: string
  worldId?: string
  metadata?: Record<string, unknown>
}

export interface ElizaWorld {
  id: string
  name?: string
  agentId?: string
  messageServerId?: string
  /** Older plugins' name of `messageServerId`. */
  serverId?: string
  metadata?: Record<string, unknown>
}

export interface ElizaRelationship {
  id?: string
  sourceEntityId: string
  targetEntityId: string
  agentId?: string
  tags?: string[]
  metadata?: Record<string, unknown>
  createdAt?: number
}

export interface ElizaParticipant {
  id: string
  entity: ElizaEntity
  roomId: string
}

export interface ElizaLog {
  id: string
  entityId?: string
  roomId?: string
  type: string
  body: Record<string, unknown>
  createdAt: Date
}

/** As it is stored: with its id. */
export type KeptMemory = ElizaMemory & { id: string }
export type KeptTask = ElizaTask & { id: string }

export interface MemoriesAsked {
  tableName?: string
  roomId?: string
  roomIds?: readonly string[]
  worldId?: string
  entityId?: string
  agentId?: string
  /** @default and at most MAX_LISTED */
  count?: number
  limit?: number
  offset?: number
  unique?: boolean
  /** Milliseconds since the epoch, both inclusive. */
  start?: number
  end?: number
  /** Vectors are left out unless this says so. */
  includeEmbedding?: boolean
}

export interface MemorySearchAsked extends MemoriesAsked {
  embedding: readonly number[]
  match_threshold?: number
  /** The found ones are put in the order in which they fit these words. */
  query?: string
}

export interface EmbeddingsAsked {
  query_table_name: string
  query_threshold: number
  query_input: string
  query_field_name?: string
  query_field_sub_name?: string
  query_match_count: number
}

export interface ConnectionAsked {
  entityId?: string
  roomId?: string
  worldId?: string
  userName?: string
  name?: string
  worldName?: string
  source?: string
  channelId?: string
  messageServerId?: string
  serverId?: string
  type?: string
  userId?: string
  metadata?: Record<string, unknown>
}
