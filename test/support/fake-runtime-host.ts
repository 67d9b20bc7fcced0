import { randomUUID } from 'node:crypto'
import type { Action } from '../../agent/action.ts'
import type { Agent } from '../../agent/agent.ts'
import type { TurnContext, WorkContext } from '../../agent/context.ts'
import type { Evaluator } from '../../agent/evaluator.ts'
import type { Content, Memory, Room } from '../../agent/memory.ts'
import type { Provider } from '../../agent/provider.ts'
import type { AgentRecords, RecordWrite } from '../../agent/records.ts'
import type { ElizaMemory, ElizaPlugin } from '../../plugins/contract.ts'
import type { RuntimeHost } from '../../plugins/runtime-host.ts'
import { inScope, type MemberScope, type TurnScope } from '../../plugins/scope.ts'
import type { Character } from '../../schema/character.ts'
import { createMemoryRecords, type MemoryRecords } from './memory-records.ts'

export const AGENT_ID = '5c3cb098-d52d-0b3f-a7e9-7b7fba960c4c'
export const PERSON_ID = '00000000-0000-0000-0000-00000000000a'
export const ROOM_ID = '00000000-0000-0000-0000-0000000000b0'
export const WORLD_ID = '00000000-0000-0000-0000-0000000000c0'

export interface FakeHostOptions {
  readonly character?: Partial<Character>
  readonly settings?: Readonly<Record<string, unknown>>
  readonly environment?: Readonly<Record<string, string>>
  readonly providers?: readonly Provider[]
  readonly actions?: readonly Action[]
  readonly evaluators?: readonly Evaluator[]
  /** What a model answers. @default the type's name */
  readonly answer?: (type: string, params: unknown, provider: string | undefined) => unknown
}

export interface FakeRuntimeHost extends RuntimeHost {
  readonly records: MemoryRecords
  /** Names of the reads that reached the database. */
  readonly reads: string[]
  /** What was committed at once, outside of any step. */
  readonly commits: (readonly RecordWrite[])[]
  readonly logged: { readonly level: string; readonly fields: object; readonly message: string }[]
  readonly emitted: { readonly names: readonly string[]; readonly payload: object }[]
  readonly asked: { readonly type: string; readonly params: unknown; readonly provider?: string }[]
  readonly handled: ElizaMemory[]
  readonly sent: unknown[]
  readonly faults: { readonly what: string; readonly error: unknown }[]
  readonly registered: ElizaPlugin[]
  readonly shared: Map<string, unknown>
  /** How often it was told. */
  readonly told: { changed: number; tasks: number }
}

/** What a façade stands on, in memory; it remembers what it was told. */
export function fakeRuntimeHost(options: FakeHostOptions = {}): FakeRuntimeHost {
  const character = { name: 'Ada', bio: 'A companion.', ...options.character }
  const { settings = {}, answer = (type: string) => type } = options
  const stored = createMemoryRecords()
  const reads: string[] = []
  const records: MemoryRecords = { ...stored, of: (id) => counted(stored.of(id), reads) }
  const kept = { commits: [], logged: [], emitted: [], asked: [], handled: [] } as Pick<
    FakeRuntimeHost,
    'commits' | 'logged' | 'emitted' | 'asked' | 'handled'
  >
  const told = { changed: 0, tasks: 0 }
  const host: FakeRuntimeHost = {
    ...kept,
    ...{ agentId: AGENT_ID, character, settings, records, reads, told },
    ...{ sent: [], faults: [], registered: [], shared: new Map<string, unknown>() },
    environment: (name) => options.environment?.[name],
    agent: () => agentOf(options, character),
    changed() {
      told.changed += 1
    },
    registerPlugin: async (plugin) => void host.registered.push(plugin),
    startService: async () => undefined,
    globalService: (type) => host.shared.get(type),
    models: {
      async use(type, params, provider) {
        kept.asked.push({ type, params, ...(provider && { provider }) })
        return answer(type, params, provider)
      },
      has: (type) => type.startsWith('TEXT_'),
    },
    async commit(writes) {
      kept.commits.push(writes)
      await stored.commit(AGENT_ID, writes)
    },
    contextFor: async (message) => contextOf(host, { roomId: message.roomId, id: message.id }),
    messages: {
      async handle(message, onReply) {
        kept.handled.push(message)
        await onReply?.({ text: 'Good morning.' })
        const content = { text: 'Good morning.' }
        const reply = { responseContent: content, responseMessages: [], mode: 'simple' } as const
        return { turnId: randomUUID(), didRespond: true, ...reply }
      },
      send: async (...sent) => void host.sent.push(sent),
      delete: async (id) => void host.sent.push(['delete', id]),
      clear: async (roomId) => void host.sent.push(['clear', roomId]),
    },
    tasksChanged() {
      told.tasks += 1
    },
    emit: async (names, payload) => void kept.emitted.push({ names, payload }),
    log: logInto(kept.logged),
    noteFault: (_scope, what, error) => void host.faults.push({ what, error }),
  }
  return host
}

const logInto = (logged: { level: string; fields: object; message: string }[]) => {
  const at = (level: string) => (fields: object, message: string) =>
    void logged.push({ level, fields, message })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

const agentOf = (options: FakeHostOptions, character: Character): Agent => ({
  ...{ id: AGENT_ID, character, settings: options.settings ?? {}, models: [] },
  actions: options.actions ?? [],
  providers: options.providers ?? [],
  evaluators: options.evaluators ?? [],
})

function counted(records: AgentRecords, reads: string[]): AgentRecords {
  return new Proxy(records, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        reads.push(String(name))
        return Reflect.apply(value, target, args)
      }
    },
  })
}

function contextOf(
  host: RuntimeHost,
  { roomId = ROOM_ID, id = randomUUID() }: { roomId?: string; id?: string } = {},
): TurnContext {
  const room: Room = {
    ...{ id: roomId, agentId: AGENT_ID, worldId: WORLD_ID, channelId: roomId },
    ...{ source: 'client_chat', type: 'DM' },
  }
  const message: Memory = {
    ...{ id, entityId: PERSON_ID, agentId: AGENT_ID, roomId, worldId: WORLD_ID },
    ...{ content: { text: 'Hello' }, metadata: {}, createdAt: 1_000 },
  }
  return {
    ...{ agent: host.agent(), turn: { turnId: randomUUID(), gen: 1 }, room, message },
    memories: { recent: async () => [], entities: async () => [] },
    records: host.records.of(AGENT_ID),
    ...{ approvals: async () => [], now: 1_000, signal: new AbortController().signal },
  }
}

export interface FakeTurnOptions {
  readonly turnId?: string
  readonly step?: string
  readonly roomId?: string
  readonly messageId?: string
  /** Of a provider in a step that only reads. */
  readonly readOnly?: true
  readonly signal?: AbortSignal
}

export interface FakeTurn {
  readonly context: TurnContext | WorkContext
  /** As ElizaOS's members get it. */
  readonly message: ElizaMemory
  readonly written: RecordWrite[]
  readonly said: Content[]
  /** A member of the step, by default `action GREET` of `greeter`. */
  run<T>(work: () => Promise<T> | T, as?: { plugin?: string; member?: string }): Promise<T>
  /** As the journal does when the step is finished. */
  commit(): Promise<void>
}

/** One step of one turn, whose members share its reads and its writes. */
export function fakeTurn(host: FakeRuntimeHost, options: FakeTurnOptions = {}): FakeTurn {
  const written: RecordWrite[] = []
  const said: Content[] = []
  const { step = 'runAction:0', turnId = randomUUID(), signal, roomId, messageId } = options
  const plain: TurnContext = {
    ...contextOf(host, { roomId, id: messageId }),
    ...{ turn: { turnId, gen: 1 }, step, ...(signal && { signal }) },
  }
  const context = options.readOnly ? plain : working(plain, { host, written, said })
  const shared = { context, step, runId: turnId, reads: new Map<string, Promise<unknown>>() }
  const counts = new Map<string, number>()
  const turnFor = (owner: string): TurnScope => ({
    ...{ ...shared, written },
    next(kind) {
      const ordinal = counts.get(`${owner}:${kind}`) ?? 0
      counts.set(`${owner}:${kind}`, ordinal + 1)
      return ordinal
    },
  })
  return {
    ...{ context, written, said },
    message: { ...plain.message, content: { text: 'Hello' } },
    run(work, { plugin = 'greeter', member = 'action GREET' } = {}) {
      const turn = turnFor(`${plugin}:${member}`)
      const scope: MemberScope = { agentId: AGENT_ID, plugin, member, turn, state: 'open' }
      return inScope(scope, work)
    },
    commit: () => host.records.commit(AGENT_ID, written.splice(0)),
  }
}

interface Working {
  readonly host: RuntimeHost
  readonly written: RecordWrite[]
  readonly said: Content[]
}

function working(context: TurnContext, { host, written, said }: Working): WorkContext {
  const none = async () => {
    throw new Error('This test asks no model.')
  }
  return {
    ...context,
    written,
    say: (content) => void said.push(content),
    remember: () => undefined,
    relate: () => undefined,
    write: (write) => void written.push(write),
    generate: async (purpose, params) => String(await host.models.use(purpose, params, undefined)),
    models: { object: none, embed: none, draw: none, transcribe: none, speak: none },
  }
}
