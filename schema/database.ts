import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type { ApprovalsTable } from './approvals-table.ts'
import type { DeadLetterActsTable } from './dead-letter-table.ts'
import type { ForksTable } from './forks-table.ts'
import type { JsonObject } from './json.ts'
import type {
  ModelBreakersTable,
  ModelCallTotalsMarkTable,
  ModelCallTotalsTable,
  ModelRatesTable,
} from './limit-tables.ts'
import type { BudgetUsageTable, ModelCallsTable } from './model-calls-tables.ts'
import type { TemporalContactTable, TemporalOutagesTable } from './outage-tables.ts'
import type {
  ConnectorPausesTable,
  DeliveriesTable,
  OutboxPartsTable,
  OutboxTable,
} from './outbox-tables.ts'
import type { PluginSchemasTable } from './plugin-schemas-table.ts'
import type {
  CacheTable,
  ComponentsTable,
  LogsTable,
  MemoryEmbeddingsTable,
  TasksTable,
} from './record-tables.ts'
import type { StreamChunksTable, StreamListenersTable } from './stream-tables.ts'
import type { TaskTables } from './task-tables.ts'
import type { TurnState } from './turn.ts'

/** Written as a `Date` or left to `now()`; read as a `Date`. */
type CreatedAt = ColumnType<Date, Date | undefined, never>
type JsonColumn<T extends object | null> = JSONColumnType<T>

/** Every table of Turnkeeper. Ids are UUIDs as text; times are `timestamptz`. */
export interface Database extends TaskTables {
  agents: AgentsTable
  worlds: WorldsTable
  rooms: RoomsTable
  entities: EntitiesTable
  participants: ParticipantsTable
  relationships: RelationshipsTable
  channels: ChannelsTable
  channel_participants: ChannelParticipantsTable
  messages: MessagesTable
  memories: MemoriesTable
  memory_embeddings: MemoryEmbeddingsTable
  components: ComponentsTable
  cache: CacheTable
  tasks: TasksTable
  logs: LogsTable
  turns: TurnsTable
  steps: StepsTable
  prompts: PromptsTable
  model_calls: ModelCallsTable
  budget_usage: BudgetUsageTable
  outbox: OutboxTable
  outbox_parts: OutboxPartsTable
  connector_pauses: ConnectorPausesTable
  deliveries: DeliveriesTable
  evaluator_runs: EvaluatorRunsTable
  approvals: ApprovalsTable
  stream_chunks: StreamChunksTable
  stream_listeners: StreamListenersTable
  dead_letter_acts: DeadLetterActsTable
  temporal_outages: TemporalOutagesTable
  temporal_contact: TemporalContactTable
  forks: ForksTable
  model_breakers: ModelBreakersTable
  plugin_schemas: PluginSchemasTable
  model_rates: ModelRatesTable
  model_call_totals: ModelCallTotalsTable
  model_call_totals_mark: ModelCallTotalsMarkTable
}

export interface AgentsTable {
  id: string
  name: string
  /** The character as its file or the API gave it, secrets removed. */
  character: JsonColumn<JsonObject>
  /** Encrypted `secrets` of the character, or null. */
  secrets: string | null
  /** SHA-256 of the file last imported; null for agents made through the API. */
  source_hash: string | null
  status: 'active' | 'inactive' | 'deleting'
  created_at: CreatedAt
  updated_at: ColumnType<Date, Date | undefined, Date>
}

export interface WorldsTable {
  id: string
  agent_id: string
  name: string | null
  message_server_id: string
  /** What the platform calls its server, where that is no UUID. */
  platform_server: string | null
  metadata: JsonColumn<JsonObject>
  created_at: CreatedAt
}

/** A room belongs to one agent: it is that agent's view of a channel, and the queue of its turns. */
export interface RoomsTable {
  id: string
  agent_id: string
  world_id: string
  channel_id: string
  /** What the platform calls its channel, where that is no UUID or another room has it. */
  platform_channel: string | null
  name: string | null
  source: string
  /** ElizaOS's ChannelType. */
  type: string
  metadata: JsonColumn<JsonObject>
  /** `seq` of the room's newest turn; moved only under the room's lock. */
  last_seq: Generated<number>
  created_at: CreatedAt
}

export interface EntitiesTable {
  id: string
  agent_id: string
  names: string[]
  metadata: JsonColumn<JsonObject>
  created_at: CreatedAt
}

export interface ParticipantsTable {
  entity_id: string
  room_id: string
  agent_id: string
  /** ElizaOS's participant state of the agent in the room. */
  state: 'FOLLOWED' | 'MUTED' | null
  created_at: CreatedAt
}

export interface RelationshipsTable {
  id: string
  agent_id: string
  source_entity_id: string
  target_entity_id: string
  tags: string[]
  metadata: JsonColumn<JsonObject>
  turn_id: string | null
  step: string | null
  created_at: CreatedAt
}

export interface ChannelsTable {
  id: string
  name: string
  type: string
  message_server_id: string
  source_type: string | null
  source_id: string | null
  metadata: JsonColumn<JsonObject>
  /** The shadow room of a fork, with which it leaves; null for every other channel. */
  fork_room_id: string | null
  created_at: CreatedAt
  updated_at: ColumnType<Date, Date | undefined, Date>
}

export interface ChannelParticipantsTable {
  channel_id: string
  /** A person or an agent. */
  entity_id: string
  /** Order of joining; the first agent's answer is `agentResponse`. */
  position: Generated<number>
}

/** A message as the platform has it: one row, whatever number of agents hear it. */
export interface MessagesTable {
  id: string
  channel_id: string
  author_id: string
  content: string
  raw_message: JsonColumn<JsonObject>
  in_reply_to: string | null
  source_type: string
  /** The platform's id or the caller's `Idempotency-Key`; unique per channel and author. */
  external_id: string | null
  /** SHA-256 of what was sent under `external_id`, to tell a repeat from a misuse. */
  body_hash: string | null
  metadata: JsonColumn<JsonObject>
  turn_id: string | null
  created_at: CreatedAt
}

/** What an agent remembers. `type` is ElizaOS's table name: `messages`, `facts`, … */
export interface MemoriesTable {
  id: string
  type: string
  agent_id: string
  room_id: string
  world_id: string | null
  entity_id: string
  content: JsonColumn<JsonObject>
  metadata: JsonColumn<JsonObject>
  /** ElizaOS's `unique`: it says something that no earlier memory does. */
  is_unique: Generated<boolean>
  /** The turn and step that wrote it; null for imported rows. */
  turn_id: string | null
  step: string | null
  created_at: CreatedAt
}

export interface TurnsTable {
  id: string
  gen: Generated<number>
  agent_id: string
  room_id: string
  channel_id: string
  /** The message that is answered, its memory, and who wrote it. */
  message_id: string
  memory_id: string
  entity_id: string
  seq: number
  state: TurnState
  policy: string
  /** TurnCode of a bad ending. */
  code: string | null
  /** The reason in words, for the operator. Never enters Temporal. */
  error: string | null
  reply_memory_id: string | null
  accepted_at: CreatedAt
  /** Since when it is the head of its room and may be started; null while it waits behind others. */
  ready_at: Date | null
  deadline_at: ColumnType<Date, Date, Date>
  /** Since when the deadline counts: accept, a retry or an answered approval. */
  deadline_from: ColumnType<Date, Date | undefined, Date>
  started_at: Date | null
  settled_at: Date | null
  cancel_requested_at: Date | null
  /** How a turn that was told to stop shall end, and whether the person keeps what it said so far. */
  stop_state: 'cancelled' | 'superseded' | null
  stop_keeps: Generated<boolean>
  /** The turn that answers instead of a `merged` one, or that took the place of a `superseded` one. */
  answered_by: string | null
  /** In which round of that turn the message was taken up, from 1; more than 1 by `steer`. */
  merged_round: Generated<number>
  /** Messages that this turn answers besides its own. */
  merged_count: Generated<number>
  /** `open`: it ended badly and waits for an operator. Null for all that ended well. */
  dead_letter: 'open' | 'retried' | 'skipped' | null
  /** When it last became `open`. */
  dead_letter_at: Date | null
  /** The apology that was said; a later generation says none again. */
  apology_memory_id: string | null
  /** The ledger's answers of older generations are not used: an operator wanted new ones. */
  ledger_from_gen: Generated<number>
  /** Last time a step or the sweeper wrote about this turn. */
  touched_at: ColumnType<Date, Date | undefined, Date>
  /** Temporal's run id of the current generation, once admitted. */
  run_id: string | null
  /** An action was cut off that must not be repeated: it may have happened or not. */
  has_unknown_effect: Generated<boolean>
  /** The turn that this one runs again in a shadow room; null for every other turn. */
  fork_of: string | null
}

/** The journal: one row per step of a turn, holding the claim and the result. */
export interface StepsTable {
  turn_id: string
  gen: number
  step: string
  /** Temporal's attempt number of the claim that holds the row. */
  attempt: number
  /** Run id / activity id / attempt. */
  token: string
  state: 'pending' | 'done'
  result: JsonColumn<JsonObject | null> | null
  /** Why the last attempt failed, in words. */
  error: string | null
  started_at: ColumnType<Date, Date | undefined, Date>
  finished_at: Date | null
}

/** What a model was asked, by turn and step. */
export interface PromptsTable {
  turn_id: string
  gen: number
  step: string
  prompt: string
  /** Providers with their times and failures, and the short values of the state. */
  state: JsonColumn<JsonObject>
  created_at: CreatedAt
}

/** How far an evaluator has looked in a room. */
export interface EvaluatorRunsTable {
  room_id: string
  evaluator: string
  /** `seq` of the last turn it has seen. */
  last_seq: number
}
