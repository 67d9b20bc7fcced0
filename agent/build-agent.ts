import type { Character } from '../schema/character.ts'
import { MODEL_PURPOSES } from '../schema/model-purposes.ts'
import type { Agent } from './agent.ts'
import { hasBuiltIns } from './built-ins.ts'
import type { ModelHandler } from './models.ts'
import type { Plugin } from './plugin.ts'
import { corePlugin } from './plugins/core/core-plugin.ts'

/**
 * A character with the members of its plugins, in the order of registration, the core plugin first.
 * Of members with one name (case does not count) the first stays, so ours win over a plugin's. The setting
 * `builtIns` (or `TURNKEEPER_BUILT_INS`) at false lets the plugin's win: ours stay where it has none.
 */
export function buildAgent(
  id: string,
  character: Character,
  settings: Readonly<Record<string, unknown>>,
  plugins: readonly Plugin[],
): Agent {
  const others = plugins.filter(({ name }) => name !== corePlugin.name)
  const all = hasBuiltIns(settings) ? [corePlugin, ...others] : [...others, corePlugin]
  return {
    id,
    character,
    settings,
    actions: firstOfEachName(all.flatMap(({ actions = [] }) => actions)),
    providers: firstOfEachName(all.flatMap(({ providers = [] }) => providers)),
    evaluators: firstOfEachName(all.flatMap(({ evaluators = [] }) => evaluators)),
    models: all.flatMap(modelsOf).sort((a, b) => b.priority - a.priority),
  }
}

const modelsOf = ({ name: plugin, models = {}, priority = 0 }: Plugin): ModelHandler[] =>
  MODEL_PURPOSES.flatMap((purpose) => {
    const handler = models[purpose]
    return handler ? [{ plugin, purpose, priority, handler }] : []
  })

function firstOfEachName<T extends { readonly name: string }>(members: readonly T[]): T[] {
  const byName = new Map<string, T>()
  for (const member of members) {
    const name = member.name.toUpperCase()
    if (!byName.has(name)) byName.set(name, member)
  }
  return [...byName.values()]
}

/** Members that may take their time while the prompt is composed, and may write. */
export const hasForeignMembers = ({ providers, actions }: Pick<Agent, 'providers' | 'actions'>) =>
  providers.some(({ builtIn }) => !builtIn) || actions.some(({ isForeign }) => isForeign)
