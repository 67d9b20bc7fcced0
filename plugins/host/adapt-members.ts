import type { Action } from '../../agent/action.ts'
import type { Evaluator } from '../../agent/evaluator.ts'
import type { ModelHandler, ModelPurpose } from '../../agent/models.ts'
import type { Plugin } from '../../agent/plugin.ts'
import type { Provider } from '../../agent/provider.ts'
import { modelTypeOf } from '../models/model-types.ts'
import type { Runtime } from '../runtime.ts'
import { adaptAction } from './adapt-action.ts'
import { adaptEvaluator } from './adapt-evaluator.ts'
import { adaptModel } from './adapt-model.ts'
import type { AdaptPorts } from './adapt-ports.ts'
import { adaptProvider } from './adapt-provider.ts'

export interface AdapterPorts extends AdaptPorts {
  /** Whether a plugin's actions need what one process holds. */
  needsGateway(plugin: string): boolean
}

export interface Ownership {
  ownerOf(member: object): string
  readonly banned: ReadonlySet<string>
}

export function membersIn(runtime: Runtime): readonly object[] {
  const { actions, providers, evaluators, routes, events, taskWorkers, sendHandlers } = runtime
  const handlers = Object.values(events).flatMap((list) => (Array.isArray(list) ? list : []))
  const others = [...handlers, ...taskWorkers.values(), ...sendHandlers.values()]
  return [...actions, ...providers, ...evaluators, ...routes, ...others].filter(
    (member) => member !== null && (typeof member === 'object' || typeof member === 'function'),
  )
}

/** Each member is adapted once: turns find the same object again. */
export function createAdapter(ports: AdapterPorts, { ownerOf, banned }: Ownership) {
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
    const names = new Set(membersIn(runtime).map(ownerOf))
    const of = <T extends object>(list: readonly T[], plugin: string) =>
      list.filter((member) => ownerOf(member) === plugin)
    const used = [...names].filter((plugin) => !banned.has(plugin))
    const plugins = used.map((plugin): Plugin => {
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
    return [...plugins, ...modelPlugins(ports).filter(({ name }) => !banned.has(name))]
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
