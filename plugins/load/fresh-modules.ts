import * as nodeModule from 'node:module'
import { dirname, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** What plugins may import of this program: one copy of it, whatever is installed beside them. */
const OURS = 'turnkeeper'
const PLUGIN_API = new URL('../plugin-api.ts', import.meta.url).href

/** Folders by URL, with a slash at the end, and how often each was read anew. */
const versions = new Map<string, number>()
let areHooked = false

/**
 * From now on, modules of this process are found with our rules: `turnkeeper` is this program, and files
 * of a folder that was invalidated are other modules than before. The same file cannot be unloaded: each
 * invalidation leaves the old modules in memory, which is why only `dev` does it.
 */
export function hookModules(): void {
  if (areHooked) return
  areHooked = true
  nodeModule.registerHooks({
    resolve(specifier, context, nextResolve) {
      if (specifier === `${OURS}/plugin`) return { url: PLUGIN_API, shortCircuit: true }
      const isOurs = specifier === OURS || specifier.startsWith(`${OURS}/`)
      if (isOurs) return nextResolve(specifier, { ...context, parentURL: PLUGIN_API })
      const resolved = nextResolve(specifier, context)
      const version = versionOf(resolved.url)
      return version === 0 ? resolved : { ...resolved, url: versioned(resolved.url, version) }
    },
  })
}

/** The next import of a file of this folder reads it anew, with all files of the folder that it imports. */
export function freshenFolder(folder: string): void {
  const url = `${pathToFileURL(folder).href}/`
  versions.set(url, (versions.get(url) ?? 0) + 1)
  // CommonJS has a cache of its own, by file name.
  const { cache } = nodeModule.createRequire(import.meta.url)
  for (const file of Object.keys(cache)) {
    if (file.startsWith(`${folder}${sep}`) && !isDependency(file, folder)) delete cache[file]
  }
}

/** 0: as Node has it. The innermost folder counts. Its dependencies stay: they do not change. */
function versionOf(url: string): number {
  if (versions.size === 0 || !url.startsWith('file:')) return 0
  const [path = ''] = url.split(/[?#]/)
  const owners = [...versions.keys()].filter(
    (folder) => path.startsWith(folder) && !path.slice(folder.length).includes('node_modules/'),
  )
  const [owner] = owners.sort((one, other) => other.length - one.length)
  return owner === undefined ? 0 : (versions.get(owner) ?? 0)
}

function versioned(url: string, version: number): string {
  const fresh = new URL(url)
  fresh.searchParams.set('fresh', String(version))
  return fresh.href
}

const isDependency = (file: string, folder: string): boolean =>
  file.slice(folder.length).includes(`${sep}node_modules${sep}`)
