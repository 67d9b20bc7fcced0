import type { Action } from '../../agent/action.ts'
import type { Evaluator } from '../../agent/evaluator.ts'
import type { ModelHandler, ModelPurpose } from '../../agent/models.ts'
import type { Plugin } from '../../agent/plugin.ts'
import type { Provider } from '../../agent/provider.ts'
import type { ElizaEventHandler, ElizaPlugin, ElizaRoute } from '../contract.ts'
import { modelTypeOf } from '../models/model-types.ts'
import type { RegisteredModel } from '../runtime.ts'
import { adaptAction } from './adapt-action.ts'
import { adaptEvaluator } from './adapt-evaluator.ts'
import { adaptModel } from './adapt-model.ts'
import type { AdaptPorts } from './adapt-ports.ts'
import { adaptProvider } from './adapt-provider.ts'
import type { EventListener } from './events.ts'

/** The members that stand in the lists of one agent's runtime, and whose they are. */
export interface Members {
  /** Puts a plugin's members into the runtime. */
  add(plugin: ElizaPlugin): void
  /** What was registered since by somebody unnamed is this plugin's. */
  adopt(plugin: string): void
  /** As `buildAgent` takes them. The same objects until something was registered. */
  adapted(): readonly Plugin[]
  /** Something was registered. */
  changed(): void
  listeners(event: string): readonly EventListener[]
  routes(): readonly (ElizaRoute & { readonly plugin: string })[]
  /** Of a type that no purpose of ours stands for. */
  model(
    type: string,
    provider: string | undefined,
  ): ((params: unknown) => Promise<unknown>) | undefined
}

export interface MembersInput extends AdaptPorts {
  /** Whether a plugin's actions need what one process holds. */
  needsGateway(plugin: string): boolean
}

/** Who registers without saying so, outside of any member of a plugin. */
export const UNKNOWN_OWNER = 'runtime'

export function createMembers(ports: MembersInput): Members {
  const owners = new WeakMap<object, string>()
  const ownerOf = (member: object) => owners.get(member) ?? UNKNOWN_OWNER
  const own = <T extends object>(member: T, plugin: string): T => {
    if (!owners.has(member)) owners.set(member, plugin)
    return member
  }
  const adapter = createAdapter(ports, ownerOf)
  let known: readonly Plugin[] | undefined
  return {
    add: (plugin) => register(ports, plugin, own),
    adopt(plugin) {
      for (const member of allMembers(ports.runtime())) own(member, plugin)
      known = undefined
    },
    adapted() {
      known ??= adapter()
      return known
    },
    changed: () => {
      known = undefined
    },
    listeners: (event) => {
      const handlers: unknown = ports.runtime().events[event]
      if (!Array.isArray(handlers)) return []
      const functions: ElizaEventHandler[] = handlers.filter((one) => typeof one === 'function')
      return functions.map((handler) => ({ handler, plugin: ownerOf(handler) }))
    },
    routes: () => ports.runtime().routes.map((route) => ({ ...route, plugin: ownerOf(route) })),
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

function allMembers(runtime: ReturnType<AdaptPorts['runtime']>): readonly object[] {
  const { actions, providers, evaluators, routes, events } = runtime
  const handlers = Object.values(events).flatMap((list) => (Array.isArray(list) ? list : []))
  return [...actions, ...providers, ...evaluators, ...routes, ...handlers].filter(
    (member) => member !== null && (typeof member === 'object' || typeof member === 'function'),
  )
}

/** Each member is adapted once: turns find the same object again. */
function createAdapter(ports: MembersInput, ownerOf: (member: object) => string) {
  const actions = new WeakMap<object, Action>()
  const providers = new WeakMap<object, Provider>()
  const evaluators = new WeakMap<object, Evaluator>()
  const once = <K extends object, V>(map: WeakMap<object, V>, key: K, make: () => V): V => {
    const found = map.get(key) ?? make()
    map.set(key, found)
    return found
  }
  return (): readonly Plugin[] => {
    const runtime = ports.runtime()
    const names = new Set(allMembers(runtime).map(ownerOf))
    const of = <T extends object>(list: readonly T[], plugin: string) =>
      list.filter((member) => ownerOf(member) === plugin)
    const plugins = [...names].map((plugin): Plugin => {
      const needsGateway = ports.needsGateway(plugin)
      return {
        ...{ name: plugin, description: '' },
        actions: of(runtime.actions, plugin).map((one) =>
          once(actions, one, () => adaptAction(ports, one, { plugin, needsGateway })),
        ),
        providers: of(runtime.providers, plugin).map((one) =>
          once(providers, one, () => adaptProvider(ports, one, plugin)),
        ),
        evaluators: of(runtime.evaluators, plugin).map((one) =>
          once(evaluators, one, () => adaptEvaluator(ports, one, plugin)),
        ),
      }
    })
    return [...plugins, ...modelPlugins(ports)]
  }
}

/** One for each provider and priority. */
function modelPlugins(ports: AdaptPorts): readonly Plugin[] {
  const byPlace = new Map<string, Plugin & { models: Partial<Record<ModelPurpose, Handler>> }>()
  for (const [type, registered] of ports.runtime().models) {
    const known = modelTypeOf(type)
    if (known.kind !== 'purpose') continue
    for (const { provider, priority, handler } of registered) {
      const key = `${priority} ${provider}`
      const plugin = byPlace.get(key) ?? { name: provider, description: '', priority, models: {} }
      byPlace.set(key, plugin)
      plugin.models[known.purpose] ??= adaptModel(ports, handler, { plugin: provider, type })
    }
  }
  return [...byPlace.values()]
}

type Handler = ModelHandler['handler']

function foreignModel(ports: AdaptPorts, type: string, provider: string | undefined) {
  const all: readonly RegisteredModel[] = ports.runtime().models.get(type) ?? []
  const found = all.find((one) => provider === undefined || one.provider === provider) ?? all[0]
  if (!found) return undefined
  const handler = adaptModel(ports, found.handler, { plugin: found.provider, type })
  const { signal } = new AbortController()
  return (params: unknown) => handler(params, { signal, onText: () => undefined })
}
