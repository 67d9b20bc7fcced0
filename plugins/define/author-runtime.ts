import type { ElizaContent, ElizaMemory, ElizaState } from '../contract.ts'
import type { Runtime } from '../runtime.ts'

/**
 * ElizaOS's runtime as an author uses it: the members that plugins touch most, typed. All others are
 * there as well, as `unknown`; docs/plugins.md has the table of them.
 */
export interface AuthorRuntime extends Runtime {
  readonly agentId: string
  readonly character: { readonly name: string; readonly [field: string]: unknown }
  readonly logger: AuthorLogger
  /** Secrets, then settings of the character; null when neither has it. */
  getSetting(name: string): string | number | boolean | null
  /** `TEXT_SMALL`, `TEXT_LARGE` and so on; a text answer unless the type gives something else. */
  useModel(type: 'TEXT_EMBEDDING', params: { text: string } | string): Promise<number[]>
  useModel(type: `TEXT_${string}`, params: TextParams): Promise<string>
  useModel(type: string, params: unknown): Promise<unknown>
  composeState(message: ElizaMemory, include?: string[], only?: boolean): Promise<ElizaState>
  /** @returns the memory's id */
  createMemory(memory: ElizaMemory, table: string, unique?: boolean): Promise<string>
  getMemories(query: MemoriesAsked): Promise<ElizaMemory[]>
  getMemoryById(id: string): Promise<ElizaMemory | null>
  updateMemory(memory: Partial<ElizaMemory> & { id: string }): Promise<boolean>
  deleteMemory(id: string): Promise<void>
  searchMemories(query: MemoriesAsked & { embedding: number[] }): Promise<ElizaMemory[]>
  getCache(key: string): Promise<unknown>
  setCache(key: string, value: unknown): Promise<boolean>
  deleteCache(key: string): Promise<boolean>
  getService(type: string): unknown
  emitEvent(name: string | string[], payload: Record<string, unknown>): Promise<void>
  readonly fetch: typeof fetch
}

export interface TextParams {
  readonly prompt: string
  readonly maxTokens?: number
  readonly temperature?: number
  readonly stopSequences?: readonly string[]
}

export interface MemoriesAsked {
  readonly tableName: string
  readonly roomId?: string
  readonly worldId?: string
  readonly entityId?: string
  readonly count?: number
  readonly unique?: boolean
}

type Log = (fields: object | string, message?: string) => void
export type AuthorLogger = Readonly<Record<'debug' | 'info' | 'warn' | 'error', Log>>

/** Says something in the room. It appears when the action has ended. */
export type Say = (content: ElizaContent) => Promise<ElizaMemory[]>
