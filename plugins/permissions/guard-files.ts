import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import type { HostLog } from '../runtime-host.ts'
import { currentScope, type MemberScope } from '../scope.ts'
import { type FileRules, type FileUse, mayUse, pathIn } from './file-rules.ts'
import { type PermissionBook, refusal } from './permission-book.ts'

export interface FileGuardOptions extends FileRules {
  readonly book: Pick<PermissionBook, 'of'>
  readonly log: HostLog
}

const READ = ['readFile', 'readFileSync', 'createReadStream', 'openAsBlob'] as const

const USE = [
  ...(['open', 'openSync', 'opendir', 'opendirSync', 'readdir', 'readdirSync'] as const),
  ...(['createWriteStream', 'writeFile', 'writeFileSync', 'appendFile', 'appendFileSync'] as const),
  ...([
    'rm',
    'rmSync',
    'rmdir',
    'rmdirSync',
    'unlink',
    'unlinkSync',
    'mkdir',
    'mkdirSync',
  ] as const),
  ...(['truncate', 'truncateSync', 'chmod', 'chmodSync', 'readlink', 'readlinkSync'] as const),
  ...(['watch', 'watchFile', 'mkdtemp', 'mkdtempSync'] as const),
]

/** Two paths each. */
const PAIRS = [
  ...(['rename', 'renameSync', 'copyFile', 'copyFileSync', 'cp', 'cpSync'] as const),
  ...(['link', 'linkSync', 'symlink', 'symlinkSync'] as const),
]

/** Of `fs.promises`; what is not there by a name is passed over. */
const PROMISED: readonly string[] = [...READ, ...USE, ...PAIRS]

type Functions = Record<string, unknown>
type AnyFunction = (this: unknown, ...of: readonly unknown[]) => unknown

/**
 * Wraps the functions of `node:fs`, so that what a plugin does *for a message* stays within its own folder
 * and what it was granted: `PROCESS_KNOWLEDGE` of a well-known package reads any path that a message
 * names. Services, routes and `init` are not stopped: there the operator's settings name the paths.
 *
 * It stops honest code that is told the wrong path. Code that means harm reaches files in other ways:
 * docs/plugin-permissions.md.
 *
 * @returns puts the functions back.
 */
export function guardFiles(options: FileGuardOptions): () => void {
  const promises: Functions = fs.promises as unknown as Functions // by name
  const own: Functions = fs as unknown as Functions // by name
  const restores = [
    ...READ.flatMap((name) => wrap(own, name, checked(options, 'read', 1))),
    ...USE.flatMap((name) => wrap(own, name, checked(options, 'use', 1))),
    ...PAIRS.flatMap((name) => wrap(own, name, checked(options, 'use', 2))),
    ...PROMISED.flatMap((name) =>
      wrap(promises, name, promised(options, useOf(name), isPair(name) ? 2 : 1)),
    ),
    ...wrap(own, 'existsSync', unseen(options)),
  ]
  syncBuiltinESMExports()
  return () => {
    for (const restore of restores) restore()
    syncBuiltinESMExports()
  }
}

const isPair = (name: string) => (PAIRS as readonly string[]).includes(name)
/** A handle reads whole files as well. */
const useOf = (name: string): FileUse =>
  (READ as readonly string[]).includes(name) || name === 'open' ? 'read' : 'use'

function wrap(
  functions: Functions,
  name: string,
  around: (inner: AnyFunction) => AnyFunction,
): (() => void)[] {
  const inner = functions[name]
  if (typeof inner !== 'function') return []
  // What belongs to a function, such as `realpath.native`, stays with it.
  functions[name] = Object.assign(around(inner as AnyFunction), inner)
  const restore = () => {
    functions[name] = inner
  }
  return [restore]
}

const checked =
  (options: FileGuardOptions, use: FileUse, paths: number) =>
  (inner: AnyFunction): AnyFunction =>
    function (...of) {
      check(options, use, of.slice(0, paths))
      return Reflect.apply(inner, this, of)
    }

const promised =
  (options: FileGuardOptions, use: FileUse, paths: number) =>
  (inner: AnyFunction): AnyFunction =>
    async function (...of) {
      check(options, use, of.slice(0, paths))
      return Reflect.apply(inner, this, of)
    }

/** It never throws, so a file that may not be read is not there. */
const unseen =
  (options: FileGuardOptions) =>
  (inner: AnyFunction): AnyFunction =>
    function (...of) {
      const refused = refusedPath(options, 'use', of.slice(0, 1))
      if (!refused) return Reflect.apply(inner, this, of)
      const { plugin, member, agentId } = refused.scope
      options.log.warn({ plugin, member, agentId }, refusedError(refused).message)
      return false
    }

function check(options: FileGuardOptions, use: FileUse, paths: readonly unknown[]): void {
  const refused = refusedPath(options, use, paths)
  if (refused) throw refusedError(refused)
}

interface Refused {
  readonly scope: MemberScope
  readonly path: string
}

const refusedError = ({ scope, path }: Refused) =>
  refusal(scope, `use the path '${path}' for a message`, 'paths')

/** Only within a turn; the scope is carried into whatever a member leaves behind. */
function refusedPath(
  options: FileGuardOptions,
  use: FileUse,
  paths: readonly unknown[],
): Refused | undefined {
  const scope = currentScope()
  if (!scope?.turn) return undefined
  const grant = options.book.of(scope)
  for (const given of paths) {
    const path = pathIn(given)
    if (path !== undefined && !mayUse(path, use, grant, options)) return { scope, path }
  }
  return undefined
}
