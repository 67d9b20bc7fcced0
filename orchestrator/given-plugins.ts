import { checkPlugin } from '../plugins/load/check-plugin.ts'
import { shapeOf } from '../plugins/load/plugin-shape.ts'
import type { GivenPlugin } from './options.ts'
import { OrchestratorError } from './orchestrator-error.ts'

export const nameOf = (plugin: GivenPlugin): string =>
  typeof plugin === 'string' ? plugin : plugin.name

export const namedAmong = (plugins: readonly GivenPlugin[]): readonly string[] =>
  plugins.flatMap((plugin) => (typeof plugin === 'string' ? [plugin] : []))

export const codeAmong = (plugins: readonly GivenPlugin[]) =>
  plugins.flatMap((plugin) => (typeof plugin === 'string' ? [] : [plugin]))

/** @throws {PluginError} an object is no plugin: it says what is wrong with which */
export function checkPlugins(plugins: readonly GivenPlugin[]): void {
  for (const plugin of codeAmong(plugins)) {
    const shape = shapeOf(plugin)
    if (shape === 'none' || shape === 'nameless') {
      throw new OrchestratorError('invalid_option', NO_PLUGIN)
    }
    checkPlugin(plugin)
  }
}

const NO_PLUGIN =
  'Something was given as a plugin that is none: a plugin is an object with a name and members, or the name of a package.'

/** Plugins of all agents. */
export interface GlobalPlugins {
  /** @throws {OrchestratorError} one of its name is there @throws {PluginError} it is none */
  add(plugin: GivenPlugin): void
  /** False when there is none. */
  remove(name: string): boolean
  all(): readonly GivenPlugin[]
}

export function createGlobalPlugins(given: readonly GivenPlugin[]): GlobalPlugins {
  const plugins = new Map<string, GivenPlugin>()
  const add = (plugin: GivenPlugin) => {
    checkPlugins([plugin])
    const name = nameOf(plugin)
    if (plugins.has(name)) {
      const message = `A global plugin '${name}' is registered. Unregister it first.`
      throw new OrchestratorError('invalid_option', message)
    }
    plugins.set(name, plugin)
  }
  for (const plugin of given) add(plugin)
  return { add, remove: (name) => plugins.delete(name), all: () => [...plugins.values()] }
}
