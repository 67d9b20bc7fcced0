import type { Agent } from '../../agent/agent.ts'
import type { ModelCalls } from '../../agent/context.ts'
import type { Plugin } from '../../agent/plugin.ts'
import type { Records } from '../../agent/records.ts'
import type { HostedAgent, LoadedPlugin, PluginSource } from '../plugin-host.ts'
import type { Runtime } from '../runtime.ts'
import type { HostLog, HostMessages, HostModels, RuntimeHost } from '../runtime-host.ts'
import type { HostLimits } from './limits.ts'
import type { NamedPlugin } from './load-plugins.ts'
import type { Redact } from './reason.ts'
import type { SocketGateway } from './socket-services.ts'

/** What an agent's models are made of, for `models`. */
export interface ModelPlace {
  readonly agentId: string
  agent(): Agent
  /** A plugin's handler of a type that our models do not have. */
  handler(
    type: string,
    provider: string | undefined,
  ): ((params: unknown) => Promise<unknown>) | undefined
}

/** What the plugins of one process stand on. */
export interface PluginHostInput {
  readonly source: PluginSource
  readonly records: Records
  /** The façade: `createRuntime` of `plugins/facade/`. */
  createRuntime(host: RuntimeHost): Runtime
  /** The agent with its members, ours first: `buildAgent`. */
  buildAgent(agent: HostedAgent, plugins: readonly Plugin[]): Agent
  /** ElizaOS's `useModel`, within turns and outside: `createHostModels`. */
  models(place: ModelPlace): HostModels
  /** Calls that belong to no turn, for what handlers of events ask. */
  outsideCalls(agent: Agent): ModelCalls
  messages(agentId: string): HostMessages
  /** The connector that shows rooms of a source; null for those of our own clients. */
  outboxSource(source: string, agentId: string): string | null
  environment(name: string, agentId: string): string | undefined
  readonly log: HostLog
  /** Hides keys and secrets in what plugins say. */
  readonly redact: Redact
  /** Whether our own client of a model vendor answers for an agent: `openai`. */
  isOurs(vendor: string, agent: HostedAgent): boolean
  /** Of every agent of the process, before its own. @default none */
  readonly globalPlugins?: readonly NamedPlugin[]
  /** Shared by all agents, by type. @default none */
  readonly globalServices?: { get(type: string): unknown }
  /** The host's own, behind a plugin's: `createHostServices`. @default none */
  hostService?(agentId: string, type: string): unknown
  /** Which process runs services that hold sockets. @default each its own, and their actions run anywhere */
  readonly gateway?: SocketGateway
  readonly limits?: HostLimits
  /** Before anything of a plugin runs: what it may reach. @throws {PluginError} it must not run */
  permit?(agent: HostedAgent, loaded: LoadedPlugin): void
  /** The agent's permissions are no longer needed. */
  forget?(agentId: string): void
  /** Its tables, before its `init`. @throws it cannot be migrated */
  migrate?(agent: HostedAgent, loaded: LoadedPlugin): Promise<void>
  /** Members were registered after the agent was opened: it has to be built anew. */
  onChanged?(agentId: string): void
  onTasksChanged?(agentId: string): void
  now?(): number
}
