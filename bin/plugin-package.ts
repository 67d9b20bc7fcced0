import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { UsageError } from '../cli/arguments.ts'
import { isPackageName, isPath, packageToInstall } from '../plugins/load/plugin-name.ts'
import { NpmError, runNpm } from './npm.ts'

/** What `plugin add` would install, as far as npm can say. */
export interface PluginPackage {
  readonly name: string
  readonly version: string
  readonly licence: string | null
  readonly unpackedBytes: number | null
  /** Direct ones; each may have its own. */
  readonly dependencies: number | null
  /** For npm: a name with its exact version, or an absolute path. */
  readonly spec: string
}

/** `^1.2`, `1.2.3`, `latest`: nothing that npm could take for a flag or another place. */
const VERSION = /^(?:[\^~]?\d|[a-z])[\w.+-]*$/i

/**
 * Looks a package up, by the name or the path that was typed. Downloads nothing.
 * @throws {UsageError} no name that npm could know @throws {NpmError}
 */
export async function lookUpPlugin(typed: string, cwd: string): Promise<PluginPackage> {
  return isPath(typed) ? local(resolve(cwd, typed), cwd) : registered(typed, cwd)
}

const Packed = z.array(
  z.object({ name: z.string(), version: z.string(), unpackedSize: z.number().optional() }),
)

async function local(path: string, cwd: string): Promise<PluginPackage> {
  if (!existsSync(path)) {
    throw new UsageError(`There is nothing at '${path}': give a folder or a .tgz file.`)
  }
  const printed = await runNpm(['pack', path, '--dry-run', '--json', '--ignore-scripts'], { cwd })
  const [packed] = Packed.parse(JSON.parse(printed))
  if (!packed) throw new NpmError(`npm finds no package in '${path}'.`)
  const { name, version, unpackedSize } = packed
  return {
    ...{ name, version, spec: path, unpackedBytes: unpackedSize ?? null },
    ...manifestFacts(path),
  }
}

const Manifest = z.object({
  license: z.unknown().optional(),
  dependencies: z.record(z.string(), z.unknown()).optional(),
})

/** Of a folder; what is in a .tgz is not looked at before it is installed. */
function manifestFacts(path: string): Pick<PluginPackage, 'licence' | 'dependencies'> {
  if (!statSync(path).isDirectory()) return { licence: null, dependencies: null }
  const text = readFileSync(join(path, 'package.json'), 'utf8')
  return factsOf(Manifest.parse(JSON.parse(text)))
}

const factsOf = ({ license, dependencies = {} }: z.infer<typeof Manifest>) => ({
  licence: typeof license === 'string' ? license : null,
  dependencies: Object.keys(dependencies).length,
})

const Viewed = Manifest.extend({
  name: z.string(),
  version: z.string(),
  'dist.unpackedSize': z.number().optional(),
})

async function registered(typed: string, cwd: string): Promise<PluginPackage> {
  const { name, version } = parseSpec(typed)
  const fields = ['name', 'version', 'license', 'dist.unpackedSize', 'dependencies']
  const asked = version === undefined ? name : `${name}@${version}`
  const printed = await runNpm(['view', asked, ...fields, '--json'], { cwd })
  const told: unknown = printed.trim() === '' ? [] : JSON.parse(printed)
  // A range has several versions, the newest last.
  const viewed = Viewed.safeParse(Array.isArray(told) ? told.at(-1) : told)
  if (!viewed.success) throw new NpmError(`npm knows no version of '${asked}'.`, 'E404')
  const { data } = viewed
  return {
    ...{ name: data.name, version: data.version, spec: `${data.name}@${data.version}` },
    unpackedBytes: data['dist.unpackedSize'] ?? null,
    ...factsOf(data),
  }
}

function parseSpec(typed: string): { name: string; version: string | undefined } {
  const [, written = '', version] = /^(@?[^@]*)(?:@(.*))?$/.exec(typed) ?? []
  const isUsable = isPackageName(written) && (version === undefined || VERSION.test(version))
  if (isUsable) return { name: packageToInstall(written), version }
  throw new UsageError(
    `'${typed}' is no package: give a name as npm has it, such as @elizaos/plugin-knowledge or ` +
      'turnkeeper-plugin-weather@1.2.0, or a path that begins with ./',
  )
}
