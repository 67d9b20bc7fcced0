import type { ActionContext } from '../../agent/action.ts'
import type { Agent } from '../../agent/agent.ts'
import type { PendingApproval } from '../../agent/approvals.ts'
import { buildAgent } from '../../agent/build-agent.ts'
import type { WorkContext, WorkModels } from '../../agent/context.ts'
import type {
  Content,
  Entity,
  Memory,
  NewMemory,
  NewRelationship,
  Room,
} from '../../agent/memory.ts'
import type { GenerateParams } from '../../agent/models.ts'
import type { Plugin } from '../../agent/plugin.ts'
import type { ActionPlan, TurnProgress } from '../../agent/progress.ts'
import type { ParticipantState, Records, RecordWrite } from '../../agent/records.ts'
import type { Character } from '../../schema/character.ts'
import type { JsonObject } from '../../schema/json.ts'
import { createMemoryRecords } from '../support/memory-records.ts'

export const AGENT_ID = '5c3cb098-d52d-0b3f-a7e9-7b7fba960c4c'
export const PERSON_ID = '00000000-0000-0000-0000-00000000000a'
export const OTHER_ID = '00000000-0000-0000-0000-00000000000b'
export const NOW = Date.UTC(2025, 10, 21, 9, 30)

export interface ContextOptions {
  readonly character?: Partial<Character>
  readonly settings?: Readonly<Record<string, unknown>>
  readonly plugins?: readonly Plugin[]
  readonly messages?: readonly Memory[]
  readonly facts?: readonly string[]
  readonly message?: Memory
  readonly entities?: readonly Entity[]
  readonly signal?: AbortSignal
  readonly approvals?: readonly PendingApproval[]
  /** What the model answers. */
  readonly answer?: string
  /** What the agent has stored. @default nothing */
  readonly records?: Records
  readonly room?: Partial<Room>
  readonly participation?: ParticipantState
  readonly progress?: TurnProgress
  readonly models?: Partial<WorkModels>
  readonly runTask?: Agent['runTask']
}

/** A context over lists in memory that keeps what is written. */
export interface RecordingContext extends WorkContext {
  readonly recorded: {
    readonly records: RecordWrite[]
    readonly memories: NewMemory[]
    readonly relationships: NewRelationship[]
    readonly prompts: (GenerateParams & { purpose: string })[]
    readonly said: Content[]
  }
}

let ordinal = 0

export function memory(entityId: string, text: string, createdAt = NOW): Memory {
  ordinal += 1
  const id = `00000000-0000-0000-0001-${String(ordinal).padStart(12, '0')}`
  const place = { agentId: AGENT_ID, roomId: 'room' }
  return { id, entityId, ...place, content: { text }, metadata: {}, createdAt }
}

const PEOPLE: readonly Entity[] = [
  { id: PERSON_ID, names: ['Sam'], metadata: {} },
  { id: OTHER_ID, names: ['Kim'], metadata: {} },
  { id: AGENT_ID, names: ['Ada'], metadata: {} },
]

export function turnContext(options: ContextOptions = {}): RecordingContext {
  const { message = memory(PERSON_ID, 'hello'), messages = [message], facts = [] } = options
  const recorded: RecordingContext['recorded'] = {
    ...{ memories: [], relationships: [], prompts: [], records: [], said: [] },
  }
  const character: Character = { name: 'Ada', bio: 'A companion.', ...options.character }
  const byType: Record<string, readonly Memory[]> = {
    messages,
    facts: facts.map((fact) => memory(AGENT_ID, fact)),
  }
  return {
    agent: {
      ...buildAgent(AGENT_ID, character, options.settings ?? {}, options.plugins ?? []),
      ...(options.runTask && { runTask: options.runTask }),
    },
    turn: { turnId: 'turn', gen: 1 },
    room: {
      id: 'room',
      agentId: AGENT_ID,
      worldId: 'world',
      channelId: 'channel',
      source: 'test',
      type: 'DM',
      ...options.room,
    },
    message,
    ...(options.participation !== undefined && { participation: options.participation }),
    ...(options.progress && { progress: options.progress }),
    hasModel: async (purpose) => {
      if (purpose === 'IMAGE') return options.models?.draw !== undefined
      return purpose === 'TEXT_EMBEDDING' && options.models?.embed !== undefined
    },
    memories: {
      recent: async ({ type, count }) => (byType[type] ?? []).slice(-count),
      entities: async () => options.entities ?? PEOPLE,
    },
    records: (options.records ?? createMemoryRecords()).of(AGENT_ID),
    approvals: async () => options.approvals ?? [],
    now: NOW,
    signal: options.signal ?? new AbortController().signal,
    say: (content) => void recorded.said.push(content),
    remember: (one) => void recorded.memories.push(one),
    relate: (one) => void recorded.relationships.push(one),
    generate: async (purpose, params) => {
      recorded.prompts.push({ ...params, purpose })
      return options.answer ?? ''
    },
    write: (one) => void recorded.records.push(one),
    written: recorded.records,
    models: { ...NO_MODELS, ...options.models },
    recorded,
  }
}

/** Of an action that was chosen without words. */
export const NO_PLAN: ActionPlan = {
  ...{ totalSteps: 1, currentStep: 1, steps: [], thought: '', words: 'none' },
}

/** The same for an action: with what the model gave. */
export function actionContext(
  options: ContextOptions & { readonly parameters?: JsonObject; readonly plan?: ActionPlan } = {},
): RecordingContext & ActionContext {
  return {
    ...turnContext(options),
    ...{ state: { values: {}, data: {}, text: '' }, key: 'turn:1:runAction:0', previous: [] },
    parameters: options.parameters ?? {},
    plan: options.plan ?? NO_PLAN,
    outboxSource: (source) => (source === 'loopback' ? source : null),
    answerApproval: async () => undefined,
  }
}

const unasked = async (): Promise<never> => {
  throw new Error('No such model call was expected.')
}

const NO_MODELS: WorkModels = {
  object: unasked,
  embed: unasked,
  draw: unasked,
  transcribe: unasked,
  speak: unasked,
}
