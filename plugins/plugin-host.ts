import type { Plugin } from '../agent/plugin.ts'
import type { Character } from '../schema/character.ts'
import type { ElizaPlugin, ElizaRoute } from './contract.ts'
import type { Runtime } from './runtime.ts'

/** Plugins of the agents of one process. */
export interface PluginHost {
  /**
   * The adapted plugins of an agent, loaded, initialised and with their services started at the first
   * call, and again when plugins, settings or secrets changed; another change of the character replaces
   * `runtime.character` only. A plugin that fails is left out and named, unless it is required.
   * @throws {PluginError} a required one failed
   */
  open(agent: HostedAgent): Promise<OpenedAgent>
  /** Of agents that are open. */
  opened(agentId: string): OpenedAgent | undefined
  /** Stops services, last started first. */
  close(agentId?: string): Promise<void>
}

export interface HostedAgent {
  readonly id: string
  readonly character: Character
  /** Milliseconds since the epoch of the row's last change. */
  readonly version: number
  readonly settings: Readonly<Record<string, unknown>>
  /** What the character's file gives in code. */
  readonly code?: HostedCode
}

export interface HostedCode {
  /** They come before the named ones. */
  readonly plugins: readonly LoadedPlugin[]
  /** Called once with the runtime, when plugins and services have started. */
  readonly init?: (runtime: unknown) => unknown
  /** Changes with the code: the agent's plugins are then started anew. */
  readonly version: string
}

export interface OpenedAgent {
  readonly runtime: Runtime
  /** For `buildAgent`. */
  readonly plugins: readonly Plugin[]
  /** As they were loaded, in the order of registration. */
  readonly loaded: readonly ElizaPlugin[]
  readonly routes: readonly (ElizaRoute & { readonly plugin: string })[]
  readonly report: readonly PluginReport[]
}

/** What became of one plugin, for `GET /api/agents/:id/plugins`, the log and the CLI. */
export interface PluginReport {
  /** As the character names it. */
  readonly asked: string
  /** Its own name; null when it was never read. */
  readonly name: string | null
  readonly version: string | null
  readonly state: 'loaded' | 'failed' | 'superseded'
  /** What happened and what to do. */
  readonly reason: string | null
  readonly members: {
    readonly actions: number
    readonly providers: number
    readonly evaluators: number
    readonly services: number
    readonly models: number
    readonly routes: number
  }
  /** Members that failed or were late, with counts. */
  readonly faults: readonly PluginFault[]
}

export interface PluginFault {
  readonly member: string
  readonly count: number
  readonly lastError: string
  /** Milliseconds since the epoch. */
  readonly lastAt: number
  /** Its breaker: not asked before this time. Null when it is asked. */
  readonly openUntil: number | null
}

/** Where plugins come from. `load/` makes the real one. */
export interface PluginSource {
  /**
   * The plugin of a character's name, path or package, checked for its shape. Never installs anything.
   * @param agent whose grants decide in which process it runs
   * @throws {PluginError} it is not installed (and how to), does not import, or is no plugin
   */
  load(asked: string, agent?: HostedAgent): Promise<LoadedPlugin>
}

export interface LoadedPlugin {
  readonly plugin: ElizaPlugin
  /** Of its package; null without one. */
  readonly version: string | null
  /** Absolute; null when it was given in code. Its files live there. */
  readonly folder: string | null
  /** Its code runs in a process of its own. */
  readonly isIsolated?: boolean
}
