import type { ParticipantState } from '../../agent/records.ts'
import type { ElizaMemory, ElizaTask } from '../contract.ts'
import type {
  ConnectionAsked,
  ElizaComponent,
  ElizaEntity,
  ElizaLog,
  ElizaParticipant,
  ElizaRelationship,
  ElizaRoom,
  ElizaWorld,
  EmbeddingsAsked,
  KeptMemory,
  KeptTask,
  MemoriesAsked,
  MemorySearchAsked,
} from './shapes.ts'

/** ElizaOS's database members: they read and write what the agent has stored. */
export interface RecordMembers
  extends MemoryMembers,
    MemorySearchMembers,
    EntityMembers,
    ComponentMembers,
    RelationshipMembers,
    RoomMembers,
    WorldMembers,
    ParticipantMembers,
    ConnectionMembers,
    CacheMembers,
    TaskMembers,
    LogMembers {}

export interface MemoryMembers {
  createMemory(memory: ElizaMemory, tableName?: string, unique?: boolean): Promise<string>
  updateMemory(memory: Partial<ElizaMemory> & { id: string }): Promise<boolean>
  deleteMemory(memoryId: string): Promise<void>
  deleteManyMemories(memoryIds: string[]): Promise<void>
  deleteAllMemories(roomId: string, tableName?: string): Promise<void>
  clearAllAgentMemories(): Promise<void>
  getMemories(asked: MemoriesAsked): Promise<KeptMemory[]>
  getAllMemories(): Promise<KeptMemory[]>
  getMemoryById(id: string): Promise<KeptMemory | null>
  getMemoriesByIds(ids: string[], tableName?: string): Promise<KeptMemory[]>
  getMemoriesByRoomIds(asked: MemoriesAsked): Promise<KeptMemory[]>
  getMemoriesByWorldId(asked: MemoriesAsked): Promise<KeptMemory[]>
  countMemories(room: string | MemoriesAsked, unique?: boolean, tableName?: string): Promise<number>
}

export interface MemorySearchMembers {
  searchMemories(asked: MemorySearchAsked): Promise<KeptMemory[]>
  rerankMemories<M extends ElizaMemory>(query: string, memories: M[]): Promise<M[]>
  getCachedEmbeddings(
    asked: EmbeddingsAsked,
  ): Promise<{ embedding: number[]; levenshtein_score: number }[]>
  addEmbeddingToMemory<M extends ElizaMemory>(memory: M): Promise<M>
  queueEmbeddingGeneration(memory: ElizaMemory, priority?: string): Promise<void>
}

export interface EntityMembers {
  getEntityById(entityId: string): Promise<ElizaEntity | null>
  getEntitiesByIds(entityIds: string[]): Promise<ElizaEntity[]>
  getEntitiesForRoom(roomId: string, includeComponents?: boolean): Promise<ElizaEntity[]>
  createEntity(entity: ElizaEntity): Promise<boolean>
  createEntities(entities: ElizaEntity[]): Promise<boolean>
  ensureEntity(entity: ElizaEntity): Promise<ElizaEntity | null>
  updateEntity(entity: ElizaEntity): Promise<void>
}

export interface ComponentMembers {
  getComponent(
    entityId: string,
    type: string,
    worldId?: string,
    sourceEntityId?: string,
  ): Promise<ElizaComponent | null>
  getComponents(
    entityId: string,
    worldId?: string,
    sourceEntityId?: string,
  ): Promise<ElizaComponent[]>
  createComponent(component: ElizaComponent): Promise<boolean>
  updateComponent(component: ElizaComponent): Promise<void>
  deleteComponent(componentId: string): Promise<void>
}

export interface RelationshipMembers {
  createRelationship(relationship: ElizaRelationship): Promise<boolean>
  updateRelationship(relationship: ElizaRelationship): Promise<void>
  getRelationship(
    pair: Pick<ElizaRelationship, 'sourceEntityId' | 'targetEntityId'>,
  ): Promise<ElizaRelationship | null>
  getRelationships(asked: { entityId: string; tags?: string[] }): Promise<ElizaRelationship[]>
}

export interface RoomMembers {
  getRoom(roomId: string): Promise<ElizaRoom | null>
  getRoomsByIds(roomIds: string[]): Promise<ElizaRoom[]>
  getRooms(worldId: string): Promise<ElizaRoom[]>
  getRoomsByWorld(worldId: string): Promise<ElizaRoom[]>
  createRoom(room: ElizaRoom): Promise<string>
  createRooms(rooms: ElizaRoom[]): Promise<string[]>
  updateRoom(room: ElizaRoom): Promise<void>
  deleteRoom(roomId: string): Promise<void>
  deleteRoomsByWorldId(worldId: string): Promise<void>
}

export interface WorldMembers {
  getWorld(id: string): Promise<ElizaWorld | null>
  getAllWorlds(): Promise<ElizaWorld[]>
  createWorld(world: ElizaWorld): Promise<string>
  updateWorld(world: ElizaWorld): Promise<void>
  removeWorld(id: string): Promise<void>
}

export interface ParticipantMembers {
  addParticipant(entityId: string, roomId: string): Promise<boolean>
  addParticipantsRoom(entityIds: string[], roomId: string): Promise<boolean>
  removeParticipant(entityId: string, roomId: string): Promise<boolean>
  getParticipantsForRoom(roomId: string): Promise<string[]>
  getParticipantsForEntity(entityId: string): Promise<ElizaParticipant[]>
  isRoomParticipant(roomId: string, entityId: string): Promise<boolean>
  getRoomsForParticipant(entityId: string): Promise<string[]>
  getRoomsForParticipants(entityIds: string[]): Promise<string[]>
  getParticipantUserState(roomId: string, entityId: string): Promise<ParticipantState>
  setParticipantUserState(roomId: string, entityId: string, state: ParticipantState): Promise<void>
}

export interface ConnectionMembers {
  ensureConnection(asked: ConnectionAsked): Promise<void>
  ensureConnections(
    entities: ElizaEntity[],
    rooms: ElizaRoom[],
    source: string,
    world: ElizaWorld,
  ): Promise<void>
  ensureParticipantInRoom(entityId: string, roomId: string): Promise<void>
  ensureWorldExists(world: ElizaWorld): Promise<void>
  ensureRoomExists(room: ElizaRoom): Promise<void>
}

export interface CacheMembers {
  getCache<T = unknown>(key: string): Promise<T | undefined>
  setCache(key: string, value: unknown): Promise<boolean>
  deleteCache(key: string): Promise<boolean>
}

export interface TaskMembers {
  createTask(task: ElizaTask): Promise<string>
  getTasks(asked: { roomId?: string; tags?: string[]; entityId?: string }): Promise<KeptTask[]>
  getTask(id: string): Promise<KeptTask | null>
  getTasksByName(name: string): Promise<KeptTask[]>
  updateTask(id: string, task: Partial<ElizaTask>): Promise<void>
  deleteTask(id: string): Promise<void>
}

export interface LogMembers {
  log(entry: {
    body: Record<string, unknown>
    entityId?: string
    roomId?: string
    type: string
  }): Promise<void>
  getLogs(asked: {
    entityId?: string
    roomId?: string
    type?: string
    count?: number
    offset?: number
  }): Promise<ElizaLog[]>
  deleteLog(logId: string): Promise<void>
}
