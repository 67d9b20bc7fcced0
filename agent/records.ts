import type { Json, JsonObject } from '../schema/json.ts'
import type { Content, Entity, Memory, Relationship, Room } from './memory.ts'

/** Everything an agent has stored besides its turns, under ElizaOS's names (elizaos.md 5.1, 5.5). */
export interface Records {
  of(agentId: string): AgentRecords
  /** All of the writes, or none. */
  commit(agentId: string, writes: readonly RecordWrite[]): Promise<void>
}

/** Reads of one agent: no other agent's rows are found. Lists are bounded by `MAX_LISTED`. */
export interface AgentRecords {
  /** Newest first, unless `oldestFirst`; pictures inside messages are cut, which `memoriesById` gives whole. */
  memories(query: MemoryQuery): Promise<readonly StoredMemory[]>
  memoriesById(ids: readonly string[], type?: string): Promise<readonly StoredMemory[]>
  /** By cosine similarity, the most similar first. */
  searchMemories(search: MemorySearch): Promise<readonly StoredMemory[]>
  countMemories(
    query: Pick<MemoryQuery, 'type' | 'roomIds' | 'worldId' | 'unique'>,
  ): Promise<number>
  entities(ids: readonly string[]): Promise<readonly Entity[]>
  entitiesOfRoom(roomId: string): Promise<readonly Entity[]>
  rooms(ids: readonly string[]): Promise<readonly RoomRecord[]>
  roomsOfWorld(worldId: string): Promise<readonly RoomRecord[]>
  roomIdsOf(entityIds: readonly string[]): Promise<readonly string[]>
  worlds(ids?: readonly string[]): Promise<readonly World[]>
  /** Entity ids, in the order in which they joined. */
  participants(roomId: string): Promise<readonly string[]>
  participantState(roomId: string, entityId: string): Promise<ParticipantState>
  components(query: ComponentQuery): Promise<readonly Component[]>
  relationships(query: RelationshipQuery): Promise<readonly Relationship[]>
  /** Undefined when there is none, or its time is over. */
  cached(key: string): Promise<Json | undefined>
  tasks(query: TaskQuery): Promise<readonly TaskRecord[]>
  logs(query: LogQuery): Promise<readonly LogRecord[]>
}

/** Where the agent is, and with whom. */
export type PlaceReads = Pick<
  AgentRecords,
  | 'entities'
  | 'entitiesOfRoom'
  | 'rooms'
  | 'roomsOfWorld'
  | 'roomIdsOf'
  | 'worlds'
  | 'participants'
  | 'participantState'
>

export const MAX_LISTED = 10_000

export type ParticipantState = 'FOLLOWED' | 'MUTED' | null

export interface StoredMemory extends Memory {
  readonly type: string
  readonly unique: boolean
  /** Only where it was asked for. */
  readonly embedding?: readonly number[]
  /** Of a search, from -1 to 1. */
  readonly similarity?: number
}

export interface MemoryQuery {
  /** ElizaOS's table name. */
  readonly type?: string
  readonly roomIds?: readonly string[]
  readonly worldId?: string
  readonly entityId?: string
  readonly unique?: boolean
  /** `metadata.documentId`: the fragments of a document. */
  readonly documentId?: string
  /** Written by steps of that turn, its reply included. Give a room and a start: no index has it. */
  readonly turnId?: string
  /** Milliseconds since the epoch, both inclusive. */
  readonly start?: number
  readonly end?: number
  /** @default 10; at most MAX_LISTED */
  readonly count?: number
  readonly offset?: number
  readonly withEmbeddings?: boolean
  readonly oldestFirst?: boolean
}

export interface MemorySearch {
  readonly embedding: readonly number[]
  readonly type?: string
  readonly roomId?: string
  readonly worldId?: string
  readonly entityId?: string
  readonly unique?: boolean
  /** Least similarity. @default none */
  readonly threshold?: number
  /** @default 10 */
  readonly count?: number
}

/**
 * ElizaOS's Room with what our own rooms do not read. `channelId` and `messageServerId` are what the platform
 * calls them, which may be no UUIDs; `channelIdOf` in memory/ tells the channel of ours.
 */
export interface RoomRecord extends Room {
  readonly messageServerId?: string
  readonly metadata: JsonObject
}

export interface World {
  readonly id: string
  readonly agentId: string
  readonly name?: string
  readonly messageServerId?: string
  /** `ownership.ownerId`, `roles` by entity id, `settings`. */
  readonly metadata: JsonObject
}

export interface Component {
  readonly id: string
  readonly entityId: string
  readonly agentId: string
  readonly roomId?: string
  readonly worldId?: string
  readonly sourceEntityId?: string
  readonly type: string
  readonly data: JsonObject
  readonly createdAt: number
}

export interface ComponentQuery {
  readonly ids?: readonly string[]
  readonly entityId?: string
  readonly type?: string
  readonly worldId?: string
  readonly sourceEntityId?: string
}

export interface RelationshipQuery {
  /** On either side. */
  readonly entityId?: string
  readonly sourceEntityId?: string
  readonly targetEntityId?: string
  /** One of them suffices. */
  readonly tags?: readonly string[]
  readonly id?: string
}

export interface TaskRecord {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly roomId?: string
  readonly worldId?: string
  readonly entityId?: string
  readonly tags: readonly string[]
  /** `updateInterval` (ms), `options`, `updatedAt`, and whatever the plugin keeps. */
  readonly metadata: JsonObject
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly updatedAt: number
}

export interface TaskQuery {
  readonly ids?: readonly string[]
  readonly name?: string
  readonly roomId?: string
  readonly entityId?: string
  /** All of them. */
  readonly tags?: readonly string[]
}

export interface LogRecord {
  readonly id: string
  readonly entityId?: string
  readonly roomId?: string
  readonly type: string
  readonly body: JsonObject
  readonly createdAt: number
}

export interface LogQuery {
  readonly entityId?: string
  readonly roomId?: string
  readonly type?: string
  /** @default 10 */
  readonly count?: number
  readonly offset?: number
}

/**
 * One change, told as data: a step buffers what its members write, and commits it with its result. Ids are
 * chosen by the writer, so that a second run writes the same rows.
 */
export type RecordWrite =
  | { readonly kind: 'memory.create'; readonly memory: MemoryWrite }
  /** Keys of content and metadata that are given replace what stands there. */
  | {
      readonly kind: 'memory.update'
      readonly id: string
      readonly content?: Content
      readonly metadata?: JsonObject
      readonly embedding?: readonly number[]
    }
  /** Fragments whose `metadata.documentId` is one of them leave as well. */
  | { readonly kind: 'memory.delete'; readonly ids: readonly string[] }
  | { readonly kind: 'memory.clear'; readonly roomId?: string; readonly type?: string }
  /** Made, or its names and metadata replaced. */
  | { readonly kind: 'entity.put'; readonly entity: EntityWrite; readonly ifMissing?: boolean }
  | { readonly kind: 'room.put'; readonly room: RoomWrite; readonly ifMissing?: boolean }
  | { readonly kind: 'room.delete'; readonly ids?: readonly string[]; readonly worldId?: string }
  | { readonly kind: 'world.put'; readonly world: WorldWrite; readonly ifMissing?: boolean }
  /**
   * One key within the metadata, so that two who change different ones do not undo each other.
   * Undefined as the value removes it.
   */
  | {
      readonly kind: 'world.set'
      readonly id: string
      readonly path: readonly string[]
      readonly value: Json | undefined
    }
  | { readonly kind: 'world.delete'; readonly id: string }
  | { readonly kind: 'participant.add'; readonly roomId: string; readonly entityId: string }
  | { readonly kind: 'participant.remove'; readonly roomId: string; readonly entityId: string }
  | {
      readonly kind: 'participant.state'
      readonly roomId: string
      readonly entityId: string
      readonly state: ParticipantState
    }
  | { readonly kind: 'component.put'; readonly component: Omit<Component, 'agentId' | 'createdAt'> }
  | { readonly kind: 'component.delete'; readonly id: string }
  /** Replaces tags and metadata of the pair; `relate` of a step only adds. */
  | { readonly kind: 'relationship.put'; readonly relationship: RelationshipWrite }
  | {
      readonly kind: 'cache.put'
      readonly key: string
      readonly value: Json
      /** Milliseconds since the epoch. */
      readonly expiresAt?: number
    }
  | { readonly kind: 'cache.delete'; readonly key: string }
  | { readonly kind: 'task.put'; readonly task: Omit<TaskRecord, 'createdAt' | 'updatedAt'> }
  | { readonly kind: 'task.delete'; readonly id: string }
  | { readonly kind: 'log.add'; readonly log: Omit<LogRecord, 'createdAt'> }
  | { readonly kind: 'log.delete'; readonly id: string }
  /** Says something in another room of the agent: the message, its memory, and its outbox row. */
  | {
      readonly kind: 'message.send'
      readonly id: string
      readonly memoryId: string
      readonly roomId: string
      readonly content: Content
      /** The room's connector; null for our own clients. */
      readonly outboxSource: string | null
    }

export interface MemoryWrite {
  readonly id: string
  readonly type: string
  readonly roomId: string
  readonly entityId: string
  readonly worldId?: string
  readonly content: Content
  readonly metadata?: JsonObject
  readonly unique?: boolean
  readonly embedding?: readonly number[]
  readonly createdAt?: number
}

export type EntityWrite = Pick<Entity, 'id' | 'names'> & { readonly metadata?: JsonObject }

export interface RoomWrite {
  readonly id: string
  readonly worldId: string
  readonly channelId: string
  readonly name?: string
  readonly source: string
  readonly type: string
  readonly metadata?: JsonObject
}

export interface WorldWrite {
  readonly id: string
  readonly name?: string
  readonly messageServerId?: string
  readonly metadata?: JsonObject
}

export interface RelationshipWrite {
  readonly id?: string
  readonly sourceEntityId: string
  readonly targetEntityId: string
  readonly tags: readonly string[]
  readonly metadata?: JsonObject
}
