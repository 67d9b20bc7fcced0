import { withinTime } from '../../agent/within-time.ts'
import { isMembered } from '../define/standard-schema.ts'
import { PluginError } from '../plugin-error.ts'
import { type ImportOptions, quote } from './import-plugin.ts'
import { exportName } from './plugin-name.ts'
import { isFactory, shapeOf } from './plugin-shape.ts'

type Exports = Readonly<Record<string, unknown>>

/**
 * The plugin of a module: its default export, else `<name>Plugin`, else any export that has the shape of
 * one, else what a factory gives that is the default export or has `plugin` in its name. Packages export
 * variants of themselves beside the plugin, so the default comes first; other functions are never called.
 * @throws {PluginError} there is none, or the factory fails
 */
export async function exportedPlugin(
  asked: string,
  module: Exports,
  options: ImportOptions,
): Promise<unknown> {
  const exports = flattened(module)
  const named = exportName(asked).toLowerCase()
  const ordered = [...exports].sort(([one], [other]) => rank(one, named) - rank(other, named))
  const shapes = ordered.map(([, value]) => ({ value, shape: shapeOf(value) }))
  const found = shapes.find(({ shape }) => shape === 'plugin')
  if (found) return found.value
  for (const [name, value] of ordered) {
    if (!isFactory(value) || !(name === 'default' || /plugin/i.test(name))) continue
    const made = await produced(asked, name, value, options)
    if (shapeOf(made) !== 'none') return withName(asked, made)
  }
  const weaker = shapes.find(({ shape }) => shape === 'described' || shape === 'nameless')
  if (weaker) return withName(asked, weaker.value)
  throw noPlugin(asked, exports)
}

/** Compiled CommonJS has its default export a level deeper. */
function flattened(module: Exports): readonly (readonly [string, unknown])[] {
  const { default: outer } = module
  const inner = isMembered(outer) && shapeOf(outer) === 'none' ? Object.entries(outer) : []
  const own = Object.entries(module)
  const isWrapped = isMembered(outer) && 'default' in outer
  const kept = isWrapped ? own.filter(([name]) => name !== 'default') : own
  const known = new Set(kept.map(([name]) => name))
  const deeper = typeof outer === 'function' ? [] : inner.filter(([name]) => !known.has(name))
  return [...kept, ...deeper].filter(([name]) => name !== '__esModule' && name !== 'module.exports')
}

function rank(name: string, named: string): number {
  if (name === 'default') return 0
  return name.toLowerCase() === named ? 1 : 2
}

function withName(asked: string, plugin: unknown): unknown {
  if (shapeOf(plugin) !== 'nameless') return plugin
  throw new PluginError(
    asked,
    `The plugin '${asked}' has no name: its \`name\` must be a text. Give it one, such as name: 'weather'.`,
  )
}

async function produced(
  asked: string,
  name: string,
  factory: () => unknown,
  { limitMs, redact }: ImportOptions,
): Promise<unknown> {
  try {
    return await withinTime(new AbortController().signal, limitMs, () => factory())
  } catch (cause) {
    throw new PluginError(
      asked,
      `The plugin '${asked}' could not be made by its export '${name}': ${quote(cause, redact)}.`,
      { cause },
    )
  }
}

const MAX_LISTED = 20

function noPlugin(asked: string, exports: readonly (readonly [string, unknown])[]): PluginError {
  const listed = exports.slice(0, MAX_LISTED).map(([name, value]) => `${name} (${kindOf(value)})`)
  const more = exports.length > MAX_LISTED ? ` and ${exports.length - MAX_LISTED} more` : ''
  const has = listed.length > 0 ? `it has ${listed.join(', ')}${more}` : 'it has none'
  return new PluginError(
    asked,
    `The plugin '${asked}' has no plugin among its exports; ${has}. ` +
      'Export an object with `name` and `description` and members such as `actions` as the default.',
  )
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'list'
  return typeof value
}
