import { sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { withinTime } from '../../agent/within-time.ts'
import { isMembered } from '../define/standard-schema.ts'
import { PluginError } from '../plugin-error.ts'
import type { PluginPlace } from './plugin-place.ts'

/** Longer than the largest package that was seen takes on a slow disk. */
export const IMPORT_LIMIT_MS = 20_000
/** Of a cause that is quoted. */
const MAX_QUOTED = 500

export interface ImportOptions {
  readonly limitMs: number
  /** Takes keys out of what a package says. */
  readonly redact: (text: string) => string
}

/**
 * Runs the module. What it does meanwhile cannot be stopped: one that never ends its `await` at the top is
 * left behind, one that never gives the thread back holds up the whole process.
 * @throws {PluginError} it throws, its time is up, or Node cannot read it
 */
export async function importPlugin(
  asked: string,
  { entry, folder }: PluginPlace,
  { limitMs, redact }: ImportOptions,
): Promise<Readonly<Record<string, unknown>>> {
  let isLate = true
  try {
    return await withinTime(new AbortController().signal, limitMs, async () => {
      try {
        return await import(pathToFileURL(entry).href)
      } finally {
        isLate = false
      }
    })
  } catch (cause) {
    const quoted = `${quote(cause, redact)}${placeOf(cause, folder)}`
    const message = isLate ? late(asked, limitMs) : failed(asked, cause, quoted)
    throw new PluginError(asked, message, { cause })
  }
}

const late = (asked: string, limitMs: number): string =>
  `The plugin '${asked}' was still being imported after ${limitMs / 1000} s: an \`await\` at the top of ` +
  'one of its files does not end. Move it into `init`.'

function failed(asked: string, cause: unknown, quoted: string): string {
  const code = isMembered(cause) ? cause.code : undefined
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return (
      `The plugin '${asked}' uses TypeScript that Node cannot strip: ${quoted}. ` +
      'Write it without enums, namespaces, parameter properties and decorators (`erasableSyntaxOnly` in ' +
      'its tsconfig finds them), or compile it to JavaScript.'
    )
  }
  if (code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING') {
    return (
      `The plugin '${asked}' is TypeScript inside node_modules, where Node strips no types. ` +
      'Its package must hold compiled JavaScript; while you write it, name it by its path.'
    )
  }
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') {
    return `The plugin '${asked}' needs something that is not installed: ${quoted}. Run 'npm install' in its folder.`
  }
  return `The plugin '${asked}' throws when it is imported: ${quoted}.`
}

/** ` (src/index.ts:12)`: the plugin's own line, which a message about syntax does not tell. */
function placeOf(cause: unknown, folder: string): string {
  const stack = isMembered(cause) && typeof cause.stack === 'string' ? cause.stack : ''
  // Node names files by their path in errors of syntax, else by their address.
  const roots = [`${pathToFileURL(folder).href}/`, `${folder}${sep}`].map(RegExp.escape)
  const line = new RegExp(`(?:${roots.join('|')})([^\\n?:'"]+)(?:\\?fresh=\\d+)?:(\\d+)`)
  const [, file, number] = line.exec(stack) ?? []
  return file === undefined ? '' : ` (${file}:${number})`
}

/** One line, bounded, without keys. What is thrown need not be an error. */
export function quote(cause: unknown, redact: (text: string) => string): string {
  const line = redact(wordsOf(cause)).replace(/\s+/g, ' ').trim().replace(/\.$/, '')
  return line.length > MAX_QUOTED ? `${line.slice(0, MAX_QUOTED)} …` : line
}

function wordsOf(cause: unknown): string {
  if (isMembered(cause) && typeof cause.message === 'string') return cause.message
  return isMembered(cause) ? 'something that is no error' : String(cause)
}
