import type { Content, Relationship } from '../../agent/memory.ts'
import type {
  Component,
  EntityWrite,
  LogRecord,
  MemoryWrite,
  ParticipantState,
  RoomWrite,
  TaskRecord,
  WorldWrite,
} from '../../agent/records.ts'
import type { Json } from '../../schema/json.ts'

export type Owned<T> = T & { readonly agentId: string; readonly createdAt: number }

export interface SentMessage {
  readonly id: string
  readonly roomId: string
  readonly content: Content
  readonly outboxSource: string | null
}

/** Every row, of all agents; maps keep the order in which rows came. */
export interface Shelf {
  readonly memories: Map<string, Owned<MemoryWrite>>
  readonly entities: Map<string, Owned<EntityWrite>>
  readonly rooms: Map<string, Owned<RoomWrite>>
  readonly worlds: Map<string, Owned<WorldWrite>>
  readonly participants: Map<
    string,
    Owned<{ roomId: string; entityId: string; state: ParticipantState }>
  >
  readonly components: Map<string, Component>
  readonly relationships: Map<string, Relationship>
  readonly cache: Map<string, { readonly value: Json; readonly expiresAt: number }>
  readonly tasks: Map<string, TaskRecord & { readonly agentId: string }>
  readonly logs: Map<string, LogRecord & { readonly agentId: string }>
  readonly sent: Map<string, SentMessage>
}

export const emptyShelf = (): Shelf => ({
  memories: new Map(),
  entities: new Map(),
  rooms: new Map(),
  worlds: new Map(),
  participants: new Map(),
  components: new Map(),
  relationships: new Map(),
  cache: new Map(),
  tasks: new Map(),
  logs: new Map(),
  sent: new Map(),
})

let last = 0

/** Milliseconds since the epoch, each later than the one before: rows keep their order. */
export function laterNow(): number {
  last = Math.max(Date.now(), last + 0.001)
  return last
}
