import type { Json, JsonObject } from '../schema/json.ts'

/** ElizaOS's Content: what is said, with what it came with. Further keys are kept. */
export interface Content {
  text?: string
  thought?: string
  actions?: string[]
  providers?: string[]
  source?: string
  inReplyTo?: string
  channelType?: string
  [key: string]: Json | undefined
}

/** ElizaOS's Memory, as far as the runtime itself reads it. */
export interface Memory {
  readonly id: string
  readonly entityId: string
  readonly agentId: string
  readonly roomId: string
  readonly worldId?: string
  readonly content: Content
  readonly metadata: JsonObject
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

/** A memory that a step wants to write. Its id is derived from turn, step and ordinal. */
export interface NewMemory {
  /** ElizaOS's table name: `messages`, `facts`, … */
  readonly type: string
  readonly entityId: string
  readonly content: Content
  readonly metadata?: JsonObject
}

export interface NewRelationship {
  readonly sourceEntityId: string
  readonly targetEntityId: string
  readonly tags: readonly string[]
  readonly metadata?: JsonObject
}

/** As it is stored. */
export interface Relationship {
  readonly id: string
  readonly agentId: string
  readonly sourceEntityId: string
  readonly targetEntityId: string
  readonly tags: readonly string[]
  readonly metadata: JsonObject
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

export interface Entity {
  readonly id: string
  readonly names: readonly string[]
  readonly metadata: JsonObject
}

export interface Room {
  readonly id: string
  readonly agentId: string
  readonly worldId: string
  readonly channelId: string
  readonly name?: string
  /** Where the room lives: `client_chat`, `discord`, … */
  readonly source: string
  /** ElizaOS's ChannelType: DM, GROUP, API, … */
  readonly type: string
}
