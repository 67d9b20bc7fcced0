import { AsyncLocalStorage } from 'node:async_hooks'
import { composeState as compose } from '../../agent/compose-state.ts'
import type { TurnContext } from '../../agent/context.ts'
import type { State } from '../../agent/provider.ts'
import type { ElizaMemory, ElizaState } from '../contract.ts'
import { PluginError } from '../plugin-error.ts'
import type { StateMembers } from '../runtime.ts'
import { outsideScope } from '../scope.ts'
import type { Access } from './access.ts'
import { resultsOf } from './action-results.ts'
import { contextFor } from './contexts.ts'
import { isObject } from './json.ts'

/** Above the limit that plugins' providers have of their own, which names them. */
const TIMEOUT_MS = 10_000

/** Providers that compose a state while a state is composed: so deep it can only be a circle. */
const MAX_DEPTH = 4
const depth = new AsyncLocalStorage<number>()

/** @throws {PluginError} a provider asks, by way of others, for itself */
export function composeStateOf(access: Access): StateMembers['composeState'] {
  return async (message, includeList, onlyInclude = false, skipCache = false) => {
    const level = (depth.getStore() ?? 0) + 1
    if (level > MAX_DEPTH) {
      const message = `Providers call 'composeState' within each other, ${MAX_DEPTH} deep. Ask there for the providers that are needed, with 'onlyInclude'.`
      throw new PluginError('runtime', message)
    }
    const names = includeList?.length ? [...includeList] : undefined
    const context = await contextFor(access, message)
    const { state } = await depth.run(level, () =>
      compose(withOursOutside(context), {
        contextOf: () => context,
        ...(onlyInclude && names ? { only: names } : { include: names ?? [] }),
        timeoutMs: TIMEOUT_MS,
      }),
    )
    const { stateCache } = access.runtime
    const standing = skipCache || !message.id ? undefined : stateCache.get(message.id)
    const merged = withResults(access, message, mergedOver(standing, state))
    // The cache has a copy of its own: what the plugin adds to its state stays with it.
    if (message.id) stateCache.set(message.id, mergedOver(undefined, merged))
    return merged
  }
}

/** Our providers do not run under what the plugin that asks may do. */
function withOursOutside(context: TurnContext): TurnContext {
  const { agent } = context
  const providers = agent.providers.map((provider) =>
    provider.builtIn
      ? {
          ...provider,
          get: (...of: Parameters<typeof provider.get>) => outsideScope(() => provider.get(...of)),
        }
      : provider,
  )
  return { ...context, agent: { ...agent, providers } }
}

/** What providers gave earlier for the same message stays, unless they gave it anew. */
function mergedOver(standing: ElizaState | undefined, { values, data, text }: State): ElizaState {
  const providers = { ...objectIn(standing?.data?.providers), ...objectIn(data.providers) }
  return {
    values: { ...standing?.values, ...values },
    data: { ...standing?.data, ...data, providers },
    text,
  }
}

const objectIn = (value: unknown): object => (isObject(value) ? value : {})

/** What ElizaOS's ACTION_STATE reads: results of the turn's actions. */
function withResults(access: Access, { id }: ElizaMemory, state: ElizaState): ElizaState {
  const actionResults = id ? resultsOf(access, id) : []
  return actionResults.length === 0 ? state : { ...state, data: { ...state.data, actionResults } }
}
