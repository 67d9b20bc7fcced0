import { isPath } from '../plugins/load/plugin-name.ts'
import type { OpenedAgent } from '../plugins/plugin-host.ts'
import type { Assembly } from './assembly.ts'

type House = Pick<Assembly, 'agents' | 'house'>

/**
 * Takes up changes in the folders of plugins that characters name by a path: the agents that have one of its
 * plugins, or a plugin that could not be loaded, start theirs anew. Steps that run keep the old ones.
 * @returns ends the watch
 */
export function reloadPlugins(assembly: House, say: (line: string) => void): () => void {
  // One after the other: two changes in a row would start an agent twice.
  let last = Promise.resolve()
  return assembly.house.source.watch((folder) => {
    last = last
      .then(() => reloadFolder(assembly, folder, say))
      .catch((error: unknown) => say(`The plugins in '${folder}' were not taken up: ${error}`))
  })
}

async function reloadFolder(
  { agents, house }: House,
  folder: string,
  say: (line: string) => void,
): Promise<void> {
  const { host, source } = house
  const uses = ({ loaded, report }: OpenedAgent) =>
    loaded.some((plugin) => source.folderOf(plugin) === folder) ||
    report.some(({ asked, state }) => state === 'failed' && isPath(asked))
  for (const { id, updated_at: updatedAt } of await agents.list()) {
    const before = host.opened(id)
    if (!before || !uses(before)) continue
    await host.close(id)
    agents.forget(id)
    const { character } = await agents.registry.get(id, updatedAt.getTime())
    say(`Changed: the plugins in '${folder}', which ${character.name} has from now on.`)
    for (const { state, reason } of host.opened(id)?.report ?? []) {
      if (state === 'failed') say(reason ?? 'A plugin could not be loaded.')
    }
  }
}
