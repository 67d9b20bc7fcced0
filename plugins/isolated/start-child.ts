import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import type { Socket } from 'node:net'
import { dirname, join } from 'node:path'

export interface ChildRights {
  /** Absolute, of the plugin's package. */
  readonly folder: string
  /** What of it may be read: the folder, or a file. */
  readonly readable: string
  /** Granted besides; they may be written to as well. */
  readonly paths: readonly string[]
  /** Megabytes of its heap; beyond it the process ends. */
  readonly maxHeapMb: number
}

export interface Child {
  readonly process: ChildProcess
  readonly wire: Socket
  /** The end of what it wrote to stderr. */
  lastWords(): string
}

const MAX_LAST_WORDS = 2_000

/** Children that live: an end of this process by itself must not leave one that never looks at its wire. */
const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/**
 * Node's permission model lets it read its package, the packages around it, and our side of the wire; no
 * programs, threads or native code. Of the environment it gets the time zone alone.
 */
export function startChild(rights: ChildRights): Child {
  const child = spawn(process.execPath, [...flagsFor(rights), MAIN], {
    cwd: rights.folder,
    env: { NODE_ENV: 'production', ...(process.env.TZ && { TZ: process.env.TZ }) },
    // stdout is for nobody: libraries print there.
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  child.once('exit', () => children.delete(child))
  let words = ''
  child.stderr?.on('data', (data: Buffer) => {
    words = (words + data.toString()).slice(-MAX_LAST_WORDS)
  })
  const wire = child.stdio[3] as Socket // 'pipe' is a pair of connected sockets
  return { process: child, wire, lastWords: () => words }
}

const HERE = import.meta.dirname
const MAIN = join(HERE, 'child-main.ts')

function flagsFor({ folder, readable: own, paths, maxHeapMb }: ChildRights): string[] {
  const readable = [own, HERE, ...packagesAround(folder), ...paths]
  const named = [...manifestsAbove(folder), ...manifestsAbove(HERE)]
  const real = [...readable, ...named].flatMap((path) => [path, ...realOf(path)])
  return [
    ...['--permission', '--no-warnings', `--max-old-space-size=${maxHeapMb}`],
    ...[...new Set(real)].map((path) => `--allow-fs-read=${path}`),
    ...paths.map((path) => `--allow-fs-write=${path}`),
  ]
}

/** The `node_modules` that its imports are looked for in. */
const packagesAround = (folder: string): string[] =>
  above(folder)
    .map((each) => (each.endsWith('node_modules') ? each : join(each, 'node_modules')))
    .filter((each) => existsSync(each))

/** Node asks them whether a file is a module. */
const manifestsAbove = (folder: string): string[] =>
  above(folder).map((each) => join(each, 'package.json'))

function above(folder: string): string[] {
  const parent = dirname(folder)
  return parent === folder ? [folder] : [folder, ...above(parent)]
}

/** Packages may be links. */
function realOf(path: string): string[] {
  try {
    return [realpathSync(path)]
  } catch {
    return []
  }
}
