import type { Provider, ProviderResult } from '../../agent/provider.ts'
import type { ElizaProvider } from '../contract.ts'
import { PluginError } from '../plugin-error.ts'
import type { AdaptPorts } from './adapt-ports.ts'
import { elizaMemory, elizaState } from './eliza-shapes.ts'
import { memberOf } from './isolate.ts'
import { isObject, plainObject } from './plain-json.ts'
import { turnScopeOf } from './turn-scope.ts'

/** A foreign provider as one of ours. What it gives is copied, as far as it is JSON. */
export function adaptProvider(
  { isolation, agentId, runtime }: AdaptPorts,
  own: ElizaProvider,
  plugin: string,
): Provider {
  const { name, description, dynamic, position } = own
  const note = (error: unknown) =>
    isolation.health.note({ plugin, member: memberOf({ kind: 'provider', name }) }, error)
  return {
    name,
    ...(typeof description === 'string' && { description }),
    ...(dynamic === true && { dynamic }),
    ...(own.private === true && { private: true }),
    ...(typeof position === 'number' && Number.isFinite(position) && { position }),
    async get(context, state) {
      return isolation.run(
        {
          ...{ plugin, kind: 'provider', name, signal: context.signal },
          scope: (signal, member) =>
            turnScopeOf({ agentId, plugin, member, context: { ...context, signal } }),
        },
        async () => {
          const given = await own.get(runtime(), elizaMemory(context.message), elizaState(state))
          return readResult(given, { plugin, name, note })
        },
      )
    },
  }
}

interface Reading {
  readonly plugin: string
  readonly name: string
  note(error: unknown): void
}

/**
 * Nothing is nothing. What is no object is refused; a part of the wrong kind is left out and counted.
 * @throws {PluginError}
 */
function readResult(given: unknown, { plugin, name, note }: Reading): ProviderResult {
  if (given === undefined || given === null) return {}
  if (!isObject(given)) {
    const kind = Array.isArray(given) ? 'a list' : `a ${typeof given}`
    const sentence = `The provider ${name} of the plugin '${plugin}' gave ${kind}. It must give { text, values, data }.`
    throw new PluginError(plugin, sentence)
  }
  const { text, values, data } = given
  const wrong = [
    ...(isMissing(text) || typeof text === 'string' ? [] : ['text']),
    ...(isMissing(values) || isObject(values) ? [] : ['values']),
    ...(isMissing(data) || isObject(data) ? [] : ['data']),
  ]
  if (wrong.length > 0) {
    note(new Error(`It gave the wrong kind of ${wrong.join(' and ')}, which is left out.`))
  }
  return {
    ...(typeof text === 'string' && { text }),
    ...(isObject(values) && { values: plainObject(values).json }),
    ...(isObject(data) && { data: plainObject(data).json }),
  }
}

const isMissing = (value: unknown) => value === undefined || value === null
