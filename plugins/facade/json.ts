import type { Content } from '../../agent/memory.ts'
import type { Json, JsonObject } from '../../schema/json.ts'
import { storableJson } from '../../schema/text.ts'
import { PluginError } from '../plugin-error.ts'

/**
 * What a plugin gave, as it can be stored: a copy, dates as text, without functions.
 * @param what named when it cannot be stored: `the metadata of a memory`
 * @throws {PluginError} it contains itself
 */
export function toJson(value: unknown, what: string): Json | undefined {
  try {
    const text = JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'bigint' ? inner.toString() : inner,
    )
    return text === undefined ? undefined : storableJson<Json>(JSON.parse(text))
  } catch (cause) {
    const message = `A plugin wants to store ${what}, which is no JSON: leave out what contains itself.`
    throw new PluginError('runtime', message, { cause })
  }
}

/** An object; anything else is none. */
export function toObject(value: unknown, what: string): JsonObject | undefined {
  const json = toJson(value, what)
  return isObject(json) ? json : undefined
}

/** A text alone is content as well. */
export function toContent(value: unknown, what: string): Content {
  if (typeof value === 'string') return { text: value }
  return (toObject(value, what) ?? {}) as Content // its known keys are looked at where they are used
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

export const textOf = (content: unknown): string => {
  if (typeof content !== 'object' || content === null) return ''
  const { text } = content as { text?: unknown } // any object
  return typeof text === 'string' ? text : ''
}

/** Without what was not given, so that it replaces nothing. */
export function given<T extends object>(value: T): Partial<T> {
  const kept = Object.entries(value).filter(([, inner]) => inner !== undefined && inner !== null)
  return Object.fromEntries(kept) as Partial<T> // keys of T only
}
