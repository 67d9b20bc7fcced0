import type { Plugin } from '../../agent/plugin.ts'
import type { ElizaEventHandler, ElizaPlugin, ElizaRoute } from '../contract.ts'
import type { RegisteredModel } from '../runtime.ts'
import { type AdapterPorts, createAdapter, membersIn } from './adapt-members.ts'
import { adaptModel } from './adapt-model.ts'
import type { AdaptPorts } from './adapt-ports.ts'
import type { EventListener } from './events.ts'
import { UNKNOWN_OWNER } from './unknown-owner.ts'

/** The members that stand in the lists of one agent's runtime, and whose they are. */
export interface Members {
  /** Puts a plugin's members into the runtime. */
  add(plugin: ElizaPlugin): void
  /** What was registered since by somebody unnamed is this plugin's. */
  adopt(plugin: string): void
  /** It failed: none of its members is used, also of those that it registers later. */
  ban(plugin: string): void
  /** As `buildAgent` takes them. The same objects until something was registered. */
  adapted(): readonly Plugin[]
  /** Something was registered. */
  changed(): void
  ownerOf(member: object): string
  listeners(event: string): readonly EventListener[]
  routes(): readonly (ElizaRoute & { readonly plugin: string })[]
  /** Of a type that no purpose of ours stands for. */
  model(
    type: string,
    provider: string | undefined,
  ): ((params: unknown) => Promise<unknown>) | undefined
}

export interface MembersInput extends AdapterPorts {
  /** Agents without plugins have none. */
  hasRuntime(): boolean
}

export function createMembers(ports: MembersInput): Members {
  const owners = new WeakMap<object, string>()
  const ownerOf = (member: object) => owners.get(member) ?? UNKNOWN_OWNER
  const own = <T extends object>(member: T, plugin: string): T => {
    if (!owners.has(member)) owners.set(member, plugin)
    return member
  }
  const banned = new Set<string>()
  const adapter = createAdapter(ports, { ownerOf, banned })
  let known: readonly Plugin[] | undefined
  return {
    add(plugin) {
      banned.delete(plugin.name)
      register(ports, plugin, own)
    },
    ownerOf,
    ban: (plugin) => void banned.add(plugin),
    adopt(plugin) {
      if (!ports.hasRuntime()) return
      for (const member of membersIn(ports.runtime())) own(member, plugin)
      known = undefined
    },
    adapted() {
      if (!ports.hasRuntime()) return []
      known ??= adapter()
      return known
    },
    changed: () => {
      known = undefined
    },
    listeners: (event) => {
      const handlers: unknown = ports.hasRuntime() ? ports.runtime().events[event] : undefined
      if (!Array.isArray(handlers)) return []
      const functions: ElizaEventHandler[] = handlers.filter((one) => typeof one === 'function')
      return functions
        .map((handler) => ({ handler, plugin: ownerOf(handler) }))
        .filter(({ plugin }) => !banned.has(plugin))
    },
    routes: () => {
      const routes = ports.hasRuntime() ? ports.runtime().routes : []
      const owned = routes.map((route) => ({ ...route, plugin: ownerOf(route) }))
      return owned.filter(({ plugin }) => !banned.has(plugin))
    },
    model: (type, provider) => foreignModel(ports, type, provider),
  }
}

type Own = <T extends object>(member: T, plugin: string) => T

/** What a package lists may be null. */
const listed = <T>(list: readonly T[] | undefined | null): readonly T[] => list ?? []

function register({ runtime }: AdaptPorts, plugin: ElizaPlugin, own: Own): void {
  const { name, priority = 0 } = plugin
  const target = runtime()
  for (const action of listed(plugin.actions)) target.registerAction(own(action, name))
  for (const provider of listed(plugin.providers)) target.registerProvider(own(provider, name))
  for (const evaluator of listed(plugin.evaluators)) target.registerEvaluator(own(evaluator, name))
  for (const [type, handler] of Object.entries(plugin.models ?? {})) {
    if (typeof handler === 'function') target.registerModel(type, handler, name, priority)
  }
  for (const [event, handlers] of Object.entries(plugin.events ?? {})) {
    for (const handler of listed(handlers)) target.registerEvent(event, own(handler, name))
  }
  for (const route of listed(plugin.routes)) target.routes.push(own(route, name))
}

function foreignModel(ports: AdaptPorts, type: string, provider: string | undefined) {
  const all: readonly RegisteredModel[] = ports.runtime().models.get(type) ?? []
  const found = all.find((one) => provider === undefined || one.provider === provider) ?? all[0]
  if (!found) return undefined
  const handler = adaptModel(ports, found.handler, { plugin: found.provider, type })
  const { signal } = new AbortController()
  return (params: unknown) => handler(params, { signal, onText: () => undefined })
}
