// A surrogate without its partner. The `u` flag would read pairs as one code point, so pairs never match.
const LONE_SURROGATE = /\p{Surrogate}/gu
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is the one character Postgres refuses.
const NUL = /\u0000/g

/** Text that Postgres can store: NUL and lone surrogates become U+FFFD, all else stays as it is. */
export function storableText(text: string): string {
  return text.replace(NUL, '\uFFFD').replace(LONE_SURROGATE, '\uFFFD')
}

/** `storableText` for every string (keys included) inside a JSON value. */
export function storableJson<T>(value: T): T {
  if (typeof value === 'string') return storableText(value) as T
  if (Array.isArray(value)) return value.map(storableJson) as T
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [storableText(key), storableJson(inner)]),
  ) as T
}
