import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isInside } from '../load/inside.ts'
import type { PlacesToLook, PluginPlace } from '../load/plugin-place.ts'
import { PluginError } from '../plugin-error.ts'

/** The nearest folder at or above a file's that has a package.json. */
export function packageAbove(entry: string): string | undefined {
  for (let folder = dirname(entry); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder
    if (folder === dirname(folder)) return undefined
  }
}

type Folders = Pick<PlacesToLook, 'projectFolder' | 'dataFolder'>

/**
 * What a child may read of its plugin: the package; of a file that is no package's but the project's, the
 * file alone, for beside it lie the project's keys.
 * @throws {PluginError} keys lie in the package
 */
export function readableOf(asked: string, place: PluginPlace, folders: Folders): string {
  const readable = place.isFile ? ofFile(place.entry, folders) : place.folder
  const keys = [real(folders.dataFolder), join(readable, '.env')]
  const found = keys.find((path) => existsSync(path) && isInside(path, readable))
  if (found === undefined) return readable
  throw new PluginError(
    asked,
    `The plugin '${asked}' cannot have a process of its own: '${found}' lies in its folder, which it may ` +
      'read. Move the plugin into a folder of its own, with a package.json.',
  )
}

function ofFile(entry: string, { projectFolder }: Folders): string {
  const home = packageAbove(entry)
  return home === undefined || isInside(real(projectFolder), home) ? entry : home
}

function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path // not there yet
  }
}
