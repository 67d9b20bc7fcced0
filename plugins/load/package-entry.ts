import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isMembered } from '../define/standard-schema.ts'

export interface PackageFacts {
  readonly name: string | null
  readonly version: string | null
  /** The file that `import` would read; undefined when there is none. Absolute. */
  readonly entry: string | undefined
}

/** Those of Node's `import`. */
const CONDITIONS: readonly string[] = ['node', 'import', 'module-sync', 'default']
/** Of a package whose author works on it: its sources instead of what it is built into. */
const OWN_CONDITIONS: readonly string[] = ['development', ...CONDITIONS]

/**
 * What Node would import from a package's folder. Its own resolver cannot be asked for another folder
 * than that of the file which asks, and `require.resolve` does not see packages that only `import` can.
 * A folder that was not built yet, or has no package.json, is read from its sources.
 * @throws {SyntaxError} its package.json is no JSON
 */
export function readPackage(folder: string, { isOwn = false } = {}): PackageFacts {
  const conditions = isOwn ? OWN_CONDITIONS : CONDITIONS
  const manifest = readManifest(join(folder, 'package.json'))
  const main = typeof manifest.main === 'string' ? manifest.main : undefined
  const candidates = [
    manifest.exports === undefined ? undefined : exported(manifest.exports, conditions),
    manifest.exports === undefined && typeof manifest.module === 'string' && main === undefined
      ? manifest.module
      : undefined,
    ...(main === undefined ? [] : [main, `${main}.js`, join(main, 'index.js')]),
    ...['index.js', 'index.mjs', 'index.cjs', 'index.ts', 'src/index.ts', 'src/index.js'],
  ]
  return {
    name: typeof manifest.name === 'string' ? manifest.name : null,
    version: typeof manifest.version === 'string' ? manifest.version : null,
    entry: candidates
      .flatMap((candidate) => (candidate === undefined ? [] : [join(folder, candidate)]))
      .find(isFile),
  }
}

function readManifest(file: string): Readonly<Record<string, unknown>> {
  if (!existsSync(file)) return {}
  const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'))
  return isMembered(manifest) ? manifest : {}
}

/** The file of `.` in `exports`: a text, conditions, subpaths, or a list of these. */
function exported(target: unknown, conditions: readonly string[]): string | undefined {
  if (typeof target === 'string') return target.includes('*') ? undefined : target
  if (Array.isArray(target)) {
    return target.map((each) => exported(each, conditions)).find((file) => file !== undefined)
  }
  if (!isMembered(target)) return undefined
  if ('.' in target) return exported(target['.'], conditions)
  for (const [condition, inner] of Object.entries(target)) {
    if (!conditions.includes(condition)) continue
    const file = exported(inner, conditions)
    if (file !== undefined) return file
  }
  return undefined
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile()
