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

const LOOK = [
  ...(['open', 'openSync', 'opendir', 'opendirSync', 'readdir', 'readdirSync'] as const),
  ...(['readlink', 'readlinkSync', 'watch', 'watchFile'] as const),
]

const WRITE = [
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
  ...(['truncate', 'truncateSync', 'chmod', 'chmodSync', 'mkdtemp', 'mkdtempSync'] as const),
]

const MOVE = ['rename', 'renameSync'] as const

/** Of the first path the second one has the content afterwards, whole. */
const COPY = [
  ...(['copyFile', 'copyFileSync', 'cp', 'cpSync'] as const),
  ...(['link', 'linkSync', 'symlink', 'symlinkSync'] as const),
]

/** Of `fs.promises`; what is not there by a name is passed over. */
const PROMISED: readonly string[] = [...READ, ...LOOK, ...WRITE, ...MOVE, ...COPY]

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
    ...PROMISED.flatMap((name) => wrap(own, name, checked(options, usesOf(name)))),
    ...PROMISED.flatMap((name) => wrap(promises, name, promised(options, promisedUses(name)))),
    ...wrap(own, 'existsSync', unseen(options)),
  ]
  syncBuiltinESMExports()
  return () => {
    for (const restore of restores) restore()
    syncBuiltinESMExports()
  }
}

/** What a function does with its paths: which argument, and how. */
type Uses = readonly (readonly [argument: 0 | 1, use: FileUse])[]
type UsesOf = (of: readonly unknown[]) => Uses

const isOneOf = (names: readonly string[], name: string) => names.includes(name)

function usesOf(name: string): UsesOf {
  if (name === 'open' || name === 'openSync') {
    return ([, flags]) => [[0, opensToRead(flags) ? 'look' : 'write']]
  }
  const first = isOneOf(READ, name) || isOneOf(COPY, name) ? 'read' : 'write'
  if (isOneOf(MOVE, name) || isOneOf(COPY, name))
    return () => [
      [0, first],
      [1, 'write'],
    ]
  return () => [[0, isOneOf(LOOK, name) ? 'look' : first]]
}

/** A handle reads whole files as well. */
const promisedUses = (name: string): UsesOf =>
  name === 'open'
    ? ([, flags]) =>
        opensToRead(flags)
          ? [[0, 'read']]
          : [
              [0, 'read'],
              [0, 'write'],
            ]
    : usesOf(name)

const opensToRead = (flags: unknown): boolean =>
  flags === undefined ||
  typeof flags === 'function' ||
  flags === 'r' ||
  flags === 'rs' ||
  flags === 0

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
  (options: FileGuardOptions, usesOf: UsesOf) =>
  (inner: AnyFunction): AnyFunction =>
    function (...of) {
      check(options, usesOf(of), of)
      return Reflect.apply(inner, this, of)
    }

const promised =
  (options: FileGuardOptions, usesOf: UsesOf) =>
  (inner: AnyFunction): AnyFunction =>
    async function (...of) {
      check(options, usesOf(of), of)
      return Reflect.apply(inner, this, of)
    }

/** It never throws, so a file that may not be read is not there. */
const unseen =
  (options: FileGuardOptions) =>
  (inner: AnyFunction): AnyFunction =>
    function (...of) {
      const refused = refusedPath(options, [[0, 'look']], of)
      if (!refused) return Reflect.apply(inner, this, of)
      const { plugin, member, agentId } = refused.scope
      options.log.warn({ plugin, member, agentId }, refusedError(refused).message)
      return false
    }

function check(options: FileGuardOptions, uses: Uses, of: readonly unknown[]): void {
  const refused = refusedPath(options, uses, of)
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
  uses: Uses,
  of: readonly unknown[],
): Refused | undefined {
  const scope = currentScope()
  if (!scope?.turn) return undefined
  const grant = options.book.of(scope)
  for (const [argument, use] of uses) {
    const path = pathIn(of[argument])
    if (path !== undefined && !mayUse(path, use, grant, options)) return { scope, path }
  }
  return undefined
}
