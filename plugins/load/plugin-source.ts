import type { ElizaPlugin } from '../contract.ts'
import type { LoadedPlugin, PluginSource } from '../plugin-host.ts'
import { checkPlugin } from './check-plugin.ts'
import { exportedPlugin } from './exported-plugin.ts'
import { freshenFolder, hookModules } from './fresh-modules.ts'
import { IMPORT_LIMIT_MS, importPlugin } from './import-plugin.ts'
import { shortName } from './plugin-name.ts'
import { findPlugin, type PlacesToLook } from './plugin-place.ts'

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
  /** Folders of plugins that were named by a path and loaded, to be watched. */
  readonly folders: () => readonly string[]
}

/** Finds plugins by name, imports them and looks at their shape. Nothing is kept but Node's own modules. */
export function createPluginSource(options: PluginSourceOptions): ReloadingSource {
  const { redact, importLimitMs: limitMs = IMPORT_LIMIT_MS } = options
  const own = new Set<string>()
  hookModules()
  return {
    async load(asked: string): Promise<LoadedPlugin> {
      const given = givenPlugin(asked, options)
      if (given) return { plugin: checkPlugin(given), version: null, folder: null }
      const place = findPlugin(asked, places(options))
      // Before it is imported: a file that does not import is corrected and tried again.
      if (place.isOwn) own.add(place.folder)
      const module = await importPlugin(asked, place, { limitMs, redact })
      const plugin = checkPlugin(await exportedPlugin(asked, module, { limitMs, redact }))
      return { plugin, version: place.version, folder: place.folder }
    },
    invalidate(folder) {
      if (own.has(folder)) freshenFolder(folder)
    },
    folders: () => [...own],
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
