import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { pluginsFolder } from '../plugins/load/plugin-place.ts'

export interface InstalledPlugin {
  readonly name: string
  /** Null when its files are not there: an installation that was cut off. */
  readonly version: string | null
  readonly licence: string | null
}

const Record = z.object({ dependencies: z.record(z.string(), z.string()).optional() })
const Manifest = z.object({ version: z.string().optional(), license: z.unknown().optional() })

/** npm's own package.json is the record of what was asked for; what came with it is not listed. */
export function installedPlugins(dataFolder: string): readonly InstalledPlugin[] {
  const folder = pluginsFolder(dataFolder)
  const record = readJson(join(folder, 'package.json'), Record)
  return Object.keys(record?.dependencies ?? {})
    .sort()
    .map((name) => {
      const own = readJson(join(folder, 'node_modules', name, 'package.json'), Manifest)
      const licence = typeof own?.license === 'string' ? own.license : null
      return { name, version: own?.version ?? null, licence }
    })
}

/** The folder that npm installs into, absolute, made at the first use and readable by its owner only. */
export function preparedFolder(dataFolder: string): string {
  const folder = resolve(pluginsFolder(dataFolder))
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const record = join(folder, 'package.json')
  if (!existsSync(record)) {
    // Without one of its own, npm would look for a project in the folders above.
    writeFileSync(record, `${JSON.stringify({ name: 'plugins', private: true }, null, 2)}\n`)
  }
  return folder
}

function readJson<T>(file: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined
  }
}
