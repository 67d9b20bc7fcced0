import * as nodeModule from 'node:module'
import { sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** What plugins may import of this program: one copy of it, whatever is installed beside them. */
const OURS = 'turnkeeper'
const PLUGIN_API = new URL('../plugin-api.ts', import.meta.url).href

/** This program's folder: a second copy of any of its modules would not know the first one's state. */
const PROGRAM = new URL('../../', import.meta.url).href

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
      // `require` has its own cache, and takes a query for a part of the name.
      const version = context.conditions?.includes('require') ? 0 : versionOf(resolved.url)
      return version === 0 ? resolved : { ...resolved, url: versioned(resolved.url, version) }
    },
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      const isBridged = isFresh(url) && loaded.format?.startsWith('commonjs')
      if (!isBridged) return loaded
      return { format: 'module', source: bridgeTo(fileURLToPath(url)), shortCircuit: true }
    },
  })
}

/**
 * CommonJS read anew is required by a module of ours: Node 24, importing it under another address, leaves
 * what it passes on from its own files empty.
 */
function bridgeTo(file: string): string {
  const path = JSON.stringify(file)
  const exports: unknown = nodeModule.createRequire(file)(file)
  const names = typeof exports === 'object' && exports !== null ? Object.keys(exports) : []
  return [
    "import { createRequire } from 'node:module'",
    `const exports = createRequire(${path})(${path})`,
    'export default exports',
    ...names.map((name, index) => `const named${index} = exports[${JSON.stringify(name)}]`),
    ...names
      .map((name, index) => ({ name, index }))
      .filter(({ name }) => name !== 'default')
      .map(({ name, index }) => `export { named${index} as ${JSON.stringify(name)} }`),
  ].join('\n')
}

/** The next import of a file of this folder reads it anew, with all files of the folder that it imports. */
export function freshenFolder(folder: string): void {
  hookModules()
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
    (folder) =>
      path.startsWith(folder) &&
      !path.slice(folder.length).includes('node_modules/') &&
      !(path.startsWith(PROGRAM) && PROGRAM.startsWith(folder)),
  )
  const [owner] = owners.sort((one, other) => other.length - one.length)
  return owner === undefined ? 0 : (versions.get(owner) ?? 0)
}

function versioned(url: string, version: number): string {
  const fresh = new URL(url)
  fresh.searchParams.set('fresh', String(version))
  return fresh.href
}

const isFresh = (url: string): boolean => url.startsWith('file:') && url.includes('fresh=')

const isDependency = (file: string, folder: string): boolean =>
  file.slice(folder.length).includes(`${sep}node_modules${sep}`)
