import { existsSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, parse, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PluginError } from '../plugin-error.ts'
import { isInside } from './inside.ts'
import { type PackageFacts, readPackage } from './package-entry.ts'
import { isPackageName, isPath, packageNames } from './plugin-name.ts'

/** A plugin that was found on disk. */
export interface PluginPlace {
  /** Absolute, without symbolic links. */
  readonly entry: string
  readonly folder: string
  readonly version: string | null
  /** Named by a path: it may change while the program runs. */
  readonly isOwn: boolean
  /** Named as a file, not as a folder or a package. */
  readonly isFile?: boolean
}

export interface PlacesToLook {
  readonly projectFolder: string
  /** Folders of character files: paths are relative to them as well, and may lie in them. */
  readonly characterFolders: readonly string[]
  readonly dataFolder: string
}

/** Where `plugin add` installs. */
export const pluginsFolder = (dataFolder: string): string => join(dataFolder, 'plugins')

/** @throws {PluginError} nothing is there, or nothing that can be imported */
export function findPlugin(asked: string, places: PlacesToLook): PluginPlace {
  if (asked.trim() === '') {
    throw new PluginError(asked, "A plugin is named '': give its package, or a path to it.")
  }
  return isPath(asked) ? atPath(asked, places) : inPackages(asked, places)
}

function atPath(asked: string, places: PlacesToLook): PluginPlace {
  const written = asked.startsWith('file:') ? fileURLToPath(asked) : asked
  const folders = [places.projectFolder, ...places.characterFolders]
  const tried = [...new Set(folders.map((folder) => resolve(folder, written)))]
  const found = tried.find(existsSync)
  if (found === undefined) {
    // Whether there is a file outside is not told.
    refuseOutside(asked, tried, folders)
    throw new PluginError(
      asked,
      `The plugin '${asked}' is not there: looked at ${tried.map((path) => `'${path}'`).join(', ')}. ` +
        'A path counts from the project’s folder, or from the character’s file.',
    )
  }
  const path = realpathSync(found)
  refuseOutside(asked, [path], folders)
  refuseData(asked, path, places)
  if (statSync(path).isDirectory()) return inFolder(asked, path, true)
  return { entry: path, folder: dirname(path), version: null, isOwn: true, isFile: true }
}

/** A character may have come over the API: it must not run whatever lies on this machine. */
function refuseOutside(asked: string, paths: readonly string[], folders: readonly string[]) {
  const real = folders.filter(existsSync).map((folder) => realpathSync(folder))
  const homes = paths.some(existsSync) ? real : [...folders, ...real]
  if (homes.some((home) => paths.some((path) => isInside(path, home)))) return
  throw new PluginError(
    asked,
    `The plugin '${asked}' lies outside of the project's folder and of those of the character files, from ` +
      'which alone plugins are taken by a path. Move it into the project, or install it as a package.',
  )
}

/** What lies there may have come over the API: it is never run as code. */
function refuseData(asked: string, path: string, { dataFolder, projectFolder }: PlacesToLook) {
  if (!existsSync(dataFolder)) return
  const data = realpathSync(dataFolder)
  if (isInside(realpathSync(projectFolder), data) || !isInside(path, data)) return
  throw new PluginError(
    asked,
    `The plugin '${asked}' lies in the data folder, from which no code is run. Move it into the project.`,
  )
}

function inPackages(asked: string, places: PlacesToLook): PluginPlace {
  const homes = [
    ...upwards(places.projectFolder).map((folder) => join(folder, 'node_modules')),
    join(pluginsFolder(places.dataFolder), 'node_modules'),
  ]
  const names = isPackageName(asked) ? packageNames(asked) : []
  const folders = names.flatMap((name) => homes.map((home) => join(home, name)))
  const folder = folders.find((candidate) => existsSync(join(candidate, 'package.json')))
  if (folder === undefined) throw notInstalled(asked, names.length > 0)
  return inFolder(asked, realpathSync(folder), false)
}

function notInstalled(asked: string, isName: boolean): PluginError {
  if (!isName) {
    return new PluginError(
      asked,
      `'${asked}' is no name of a plugin: give a package as npm names it, or a path that begins with './'.`,
    )
  }
  return new PluginError(
    asked,
    `The plugin '${asked}' is not installed. Install it with: npx turnkeeper plugin add ${asked}`,
  )
}

function inFolder(asked: string, folder: string, isOwn: boolean): PluginPlace {
  const { entry, version } = facts(asked, folder, isOwn)
  if (entry !== undefined) return { entry: realpathSync(entry), folder, version, isOwn }
  throw new PluginError(
    asked,
    `The plugin '${asked}' has nothing to import in '${folder}': ` +
      'its package.json names no file that exists, and there is no index.js, index.ts or src/index.ts. ' +
      'Build it, or correct `exports`.',
  )
}

function facts(asked: string, folder: string, isOwn: boolean): PackageFacts {
  try {
    return readPackage(folder, { isOwn })
  } catch (cause) {
    throw new PluginError(
      asked,
      `The plugin '${asked}' has a package.json that is no JSON: '${join(folder, 'package.json')}'. Correct it.`,
      { cause },
    )
  }
}

/** A folder and those above it, as Node looks for packages. */
function upwards(folder: string): readonly string[] {
  const found: string[] = []
  for (let at = resolve(folder); ; at = dirname(at)) {
    found.push(at)
    if (at === parse(at).root) return found
  }
}
