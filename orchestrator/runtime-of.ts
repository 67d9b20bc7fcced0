import type { Assembly } from '../bin/assembly.ts'
import type { Runtime } from '../plugins/runtime.ts'

/**
 * The runtime of an agent in this process, as its plugins see it; without plugins it is made for whoever asks.
 * @throws {NotFoundError} there is no such agent @throws {PluginError} a required plugin failed
 */
export async function runtimeOf(
  { agents, ports, house }: Pick<Assembly, 'agents' | 'ports' | 'house'>,
  agentId: string,
): Promise<Runtime> {
  const { id, row } = await agents.stored(agentId.toLowerCase())
  const version = row.updated_at.getTime()
  // Opens its plugins, if it has any.
  const { character, settings } = await ports.agents.get(id, version)
  const code = agents.code.get(id)
  const hasPlugins = Boolean(character.plugins?.length || code?.plugins.length || code?.init)
  const opened = hasPlugins ? house.host.opened(id) : undefined
  const { runtime } = opened ?? (await house.host.open({ id, character, version, settings }))
  return runtime
}
