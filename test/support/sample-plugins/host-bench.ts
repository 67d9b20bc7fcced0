import { randomUUID } from 'node:crypto'
import type { ActionContext } from '../../../agent/action.ts'
import { buildAgent } from '../../../agent/build-agent.ts'
import type { ModelCalls } from '../../../agent/context.ts'
import type { Content, Memory, Room } from '../../../agent/memory.ts'
import type { LoadedTurn } from '../../../agent/ports.ts'
import type { RecordWrite } from '../../../agent/records.ts'
import type { ElizaPlugin } from '../../../plugins/contract.ts'
import { createRuntime } from '../../../plugins/facade/create-runtime.ts'
import type { PluginHostInput } from '../../../plugins/host/host-input.ts'
import { DEFAULT_LIMITS, type HostLimits } from '../../../plugins/host/limits.ts'
import { createPluginHost } from '../../../plugins/host/plugin-host.ts'
import { PluginError } from '../../../plugins/plugin-error.ts'
import type { HostedAgent } from '../../../plugins/plugin-host.ts'
import type { Character } from '../../../schema/character.ts'
import { createMemoryRecords } from '../memory-records.ts'

/** A plugin host on records in memory, with plugins that are given as objects. */
export function hostBench(
  plugins: readonly ElizaPlugin[],
  given: Partial<PluginHostInput> & { readonly timeMs?: Partial<HostLimits['timeMs']> } = {},
) {
  const { timeMs, ...input } = given
  const records = createMemoryRecords()
  const lines: { level: string; fields: object; message: string }[] = []
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields, message })
  const loads: string[] = []
  const base = input.limits ?? DEFAULT_LIMITS
  const host = createPluginHost({
    source: {
      async load(asked) {
        loads.push(asked)
        const plugin = plugins.find(({ name }) => name === asked)
        if (plugin) return { plugin, version: '1.0.0', folder: null }
        const advice = `The plugin '${asked}' is not installed. Run: npx turnkeeper plugin add ${asked}`
        throw new PluginError(asked, advice)
      },
    },
    records,
    createRuntime,
    buildAgent: ({ id, character, settings }, own) => buildAgent(id, character, settings, own),
    models: ({ handler }) => ({
      async use(type, params, provider) {
        const own = handler(type, provider)
        return own ? own(params) : `answer to ${JSON.stringify(params)}`
      },
      has: () => true,
    }),
    outsideCalls: () => NO_MODELS,
    messages: () => NO_MESSAGES,
    outboxSource: () => null,
    environment: () => undefined,
    log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    redact: (text) => text,
    isOurs: () => false,
    ...input,
    limits: { ...base, timeMs: { ...base.timeMs, ...timeMs } },
  })
  return { host, records, lines, loads }
}

export type HostBench = ReturnType<typeof hostBench>

const never = async (): Promise<never> => {
  throw new Error('No model answers on this bench.')
}

export const NO_MODELS: ModelCalls = {
  generate: never,
  models: { object: never, embed: never, draw: never, transcribe: never, speak: never },
}

const NO_MESSAGES = { handle: never, send: never, delete: never, clear: never }

/** An agent that names these plugins. */
export function hosted(
  plugins: readonly string[],
  more: Partial<Character> & { readonly version?: number } = {},
): HostedAgent {
  const { version = 1, id = randomUUID(), ...fields } = more
  const character: Character = {
    id,
    name: 'Ada',
    bio: 'A companion.',
    ...fields,
    plugins: [...plugins],
  }
  const { settings = {}, secrets = {} } = character
  return { id, character, version, settings: { ...settings, ...secrets } }
}

export interface Step {
  readonly context: ActionContext
  readonly said: Content[]
  readonly written: RecordWrite[]
  cancel(reason?: Error): void
}

/** A step of a turn of an open agent, as `runAction` gives it to an action. */
export function stepOf(
  { host, records }: HostBench,
  agentId: string,
  { step = 'runAction:0', text = 'hello', parameters = {} } = {},
): Step {
  const agent = host.agent(agentId)
  if (!agent) throw new Error(`The agent '${agentId}' is not open.`)
  const said: Content[] = []
  const written: RecordWrite[] = []
  const controller = new AbortController()
  const turn = { turnId: randomUUID(), gen: 1 }
  const { room, message } = placesOf(agentId, text)
  const context: ActionContext = {
    ...{ agent, turn, step, reads: new Map(), room, message },
    memories: { recent: async () => [message], entities: async () => [] },
    records: records.of(agentId),
    approvals: async () => [],
    now: 1_700_000_000_000,
    signal: controller.signal,
    say: (content) => void said.push(content),
    remember: () => undefined,
    relate: () => undefined,
    written,
    write: (write) => void written.push(write),
    ...NO_MODELS,
    state: { values: { mood: 'calm' }, data: { list: [1, 2] }, text: 'the state' },
    parameters,
    key: `${turn.turnId}:1:${step}`,
    previous: [],
    plan: {
      totalSteps: 1,
      currentStep: 1,
      steps: [{ action: 'A', status: 'pending' }],
      ...{ thought: '', words: 'none' as const },
    },
    outboxSource: () => null,
    answerApproval: never,
  }
  return { context, said, written, cancel: (reason) => controller.abort(reason) }
}

function placesOf(agentId: string, text: string): { room: Room; message: Memory } {
  const [roomId, worldId, entityId] = [randomUUID(), randomUUID(), randomUUID()]
  const place = { agentId, worldId, channelId: roomId }
  const room: Room = { id: roomId, ...place, source: 'client_chat', type: 'DM' }
  const message: Memory = {
    ...{ id: randomUUID(), entityId, agentId, roomId, worldId },
    content: { text, source: 'client_chat' },
    ...{ metadata: {}, createdAt: 1_700_000_000_000 },
  }
  return { room, message }
}

/** A turn as activities tell of it. */
export function loadedTurn(agentId: string, more: Partial<LoadedTurn> = {}): LoadedTurn {
  const { room, message } = placesOf(agentId, 'hello')
  return {
    ...{ turnId: randomUUID(), gen: 1, seq: 1, agentId, agentVersion: 1 },
    ...{ channelId: room.channelId, messageId: message.id, deadlineAt: 0, room, message },
    ...{ participation: null, mergedCount: 0, mergedMemoryIds: [], rounds: 1 },
    ...more,
  }
}

/** The action of that name of an open agent. */
export function actionOf({ host }: HostBench, agentId: string, name: string) {
  const action = host.agent(agentId)?.actions.find((one) => one.name === name)
  if (!action) throw new Error(`The agent has no action '${name}'.`)
  return action
}

export function providerOf({ host }: HostBench, agentId: string, name: string) {
  const provider = host.agent(agentId)?.providers.find((one) => one.name === name)
  if (!provider) throw new Error(`The agent has no provider '${name}'.`)
  return provider
}

export function evaluatorOf({ host }: HostBench, agentId: string, name: string) {
  const evaluator = host.agent(agentId)?.evaluators.find((one) => one.name === name)
  if (!evaluator) throw new Error(`The agent has no evaluator '${name}'.`)
  return evaluator
}

/** Of one plugin's member, as the report counts it. */
export function faultOf({ host }: HostBench, agentId: string, member: string) {
  const reports = host.opened(agentId)?.report ?? []
  return reports.flatMap(({ faults }) => faults).find((fault) => fault.member === member)
}
