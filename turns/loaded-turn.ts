import { type RawBuilder, sql } from 'kysely'
import type { LoadedTurn } from '../agent/ports.ts'
import type { JsonObject } from '../schema/json.ts'
import type { TurnState } from '../schema/turn.ts'
import { heardAt, heardContent, heardMetadata } from './heard-content.ts'

export interface LoadedTurnRow {
  id: string
  gen: number
  seq: number
  state: TurnState
  run_id: string | null
  merged_count: number
  has_choices: boolean
  agent_id: string
  agent_updated_at: Date
  channel_id: string
  message_id: string
  deadline_at: Date
  room_id: string
  world_id: string
  room_name: string | null
  room_source: string
  room_type: string
  memory_id: string
  entity_id: string
  content: JsonObject
  memory_metadata: JsonObject
  memory_created_at: Date
  participation: 'FOLLOWED' | 'MUTED' | null
  fork_of: string | null
}

/** Columns and joins of `LoadedTurnRow`, to stand behind `select` with `turns` as `t`. */
export const loadedTurnColumns: RawBuilder<unknown> = sql`
  t.id, t.seq, t.agent_id, a.updated_at as agent_updated_at, t.channel_id, t.message_id,
  t.deadline_at, t.room_id, r.world_id, r.name as room_name,
  r.source as room_source, r.type as room_type, t.memory_id, t.entity_id,
  ${heardContent} as content, ${heardMetadata} as memory_metadata, ${heardAt} as memory_created_at, p.state as participation,
  t.fork_of,
  exists (select from approvals c where c.room_id = t.room_id and c.state = 'pending') as has_choices`

export const loadedTurnJoins: RawBuilder<unknown> = sql`
  join agents a on a.id = t.agent_id
  join rooms r on r.id = t.room_id
  left join memories m on m.id = t.memory_id
  left join participants p on p.room_id = t.room_id and p.entity_id = t.agent_id`

export function toLoadedTurn(row: LoadedTurnRow): LoadedTurn {
  return {
    turnId: row.id,
    gen: row.gen,
    seq: row.seq,
    agentId: row.agent_id,
    agentVersion: row.agent_updated_at.getTime(),
    channelId: row.channel_id,
    messageId: row.message_id,
    deadlineAt: row.deadline_at.getTime(),
    participation: row.participation,
    forkOf: row.fork_of ?? undefined,
    mergedCount: row.merged_count,
    mergedMemoryIds: [],
    rounds: 1,
    hasChoices: row.has_choices,
    room: {
      id: row.room_id,
      agentId: row.agent_id,
      worldId: row.world_id,
      channelId: row.channel_id,
      name: row.room_name ?? undefined,
      source: row.room_source,
      type: row.room_type,
    },
    message: {
      id: row.memory_id,
      entityId: row.entity_id,
      agentId: row.agent_id,
      roomId: row.room_id,
      worldId: row.world_id,
      content: row.content,
      metadata: row.memory_metadata,
      createdAt: row.memory_created_at.getTime(),
    },
  }
}
