import type { ElizaPlugin } from '../contract.ts'
import type { LoadedPlugin, PluginSource } from '../plugin-host.ts'
import { checkPlugin } from './check-plugin.ts'
import { exportedPlugin } from './exported-plugin.ts'
import { freshenFolder, hookModules } from './fresh-modules.ts'
import { IMPORT_LIMIT_MS, importPlugin } from './import-plugin.ts'
import { shortName } from './plugin-name.ts'
import { findPlugin, type PlacesToLook } from './plugin-place.ts'
import { type PluginWatch, watchPlugins } from './watch-plugins.ts'

export interface PluginSourceOptions {
  /** Absolute: paths count from here, and packages are looked for in its node_modules. */
  readonly projectFolder: string
  /** Absolute: `plugin add` installs below it. */
  readonly dataFolder: string
  /** Folders of the character files that were loaded. @default none */
  readonly characterFolders?: () => readonly string[]
  /** Given in code, by any of their names; they come before all others. @default none */
  readonly given?: () => ReadonlyMap<string, ElizaPlugin>
  /** Takes keys out of text that a package wrote. */
  readonly redact: (text: string) => string
  /** Of an import, and of a factory. @default 20 000 */
  readonly importLimitMs?: number
}

export interface ReloadingSource extends PluginSource {
  /**
   * The next `load` of a plugin of this folder reads its files anew. What holds the old plugin keeps it.
   * Folders of packages in node_modules are left as they are.
   */
  invalidate(folder: string): void
  /** Folders of plugins that were named by a path, also of those that could not be loaded. */
  folders(): readonly string[]
  /** Of a plugin that was loaded by a path; undefined for others. */
  folderOf(plugin: ElizaPlugin): string | undefined
  /**
   * Watches these folders, and those that join them; calls `onChange` once a changed one is invalidated.
   * @returns ends the watch
   */
  watch(onChange: (folder: string) => void): () => void
}

/** Finds plugins by name, imports them and looks at their shape. Nothing is kept but Node's own modules. */
export function createPluginSource(options: PluginSourceOptions): ReloadingSource {
  const { redact, importLimitMs: limitMs = IMPORT_LIMIT_MS } = options
  const own = createOwnFolders()
  const invalidate = (folder: string) => {
    if (own.has(folder)) freshenFolder(folder)
  }
  return {
    async load(asked: string): Promise<LoadedPlugin> {
      hookModules()
      const given = givenPlugin(asked, options)
      if (given) return { plugin: checkPlugin(given), version: null, folder: null }
      const place = findPlugin(asked, places(options))
      // Before it is imported: a file that does not import is corrected and tried again.
      if (place.isOwn) own.add(place.folder)
      const module = await importPlugin(asked, place, { limitMs, redact })
      const plugin = checkPlugin(await exportedPlugin(asked, module, { limitMs, redact }))
      if (place.isOwn) own.note(plugin, place.folder)
      return { plugin, version: place.version, folder: place.folder }
    },
    invalidate,
    folders: own.list,
    folderOf: own.folderOf,
    watch(onChange) {
      return own.watch((folder) => {
        invalidate(folder)
        onChange(folder)
      })
    },
  }
}

/** Folders that somebody works in. */
function createOwnFolders() {
  const folders = new Set<string>()
  const plugins = new WeakMap<ElizaPlugin, string>()
  const listeners = new Set<(folder: string) => void>()
  return {
    has: (folder: string) => folders.has(folder),
    list: () => [...folders],
    folderOf: (plugin: ElizaPlugin) => plugins.get(plugin),
    note: (plugin: ElizaPlugin, folder: string) => void plugins.set(plugin, folder),
    add(folder: string) {
      if (folders.has(folder)) return
      folders.add(folder)
      for (const listener of listeners) listener(folder)
    },
    watch(onChange: (folder: string) => void): () => void {
      const watches: PluginWatch[] = []
      const begin = (folder: string) => void watches.push(watchPlugins([folder], { onChange }))
      for (const folder of folders) begin(folder)
      listeners.add(begin)
      return () => {
        listeners.delete(begin)
        for (const watch of watches) watch.close()
      }
    },
  }
}

const places = (options: PluginSourceOptions): PlacesToLook => ({
  projectFolder: options.projectFolder,
  dataFolder: options.dataFolder,
  characterFolders: options.characterFolders?.() ?? [],
})

function givenPlugin(asked: string, { given }: PluginSourceOptions): ElizaPlugin | undefined {
  const plugins = given?.() ?? new Map<string, ElizaPlugin>()
  const exact = plugins.get(asked)
  if (exact) return exact
  const short = shortName(asked)
  return [...plugins].find(([name]) => shortName(name) === short)?.[1]
}
