import type { Json } from '../schema/json.ts'

export const REDACTED = '[redacted]'

/** Shorter values are no secrets, and would blot out half of every line. */
const SHORTEST_SECRET = 4

/** What looks like a secret though nobody told us; `$1` is the part that may be read. */
const SHAPES = [
  // Keys of OpenAI, Anthropic, OpenRouter, Groq, xAI; of Google.
  /()\b(?:sk|pk|rk|gsk|xai)[-_][\w-]{8,}/g,
  /()\bAIza[\w-]{20,}/g,
  /\b(Bearer\s+)[\w.~+/=-]{6,}/gi,
  // User and password of an address. A database's password may hold a slash that nobody encoded.
  /\b(postgres(?:ql)?:\/\/)[^\s"'`]*(?=@)/gi,
  /\b([a-z][\w+.-]*:\/\/)[^\s/:@"'`]*:[^\s/"'`]*(?=@)/gi,
]
/** Fields that hold nothing but secrets, whatever they look like. */
const SECRET_FIELDS = /^(authorization|x-api-key|api[-_]?key|password|secrets?|(set-)?cookie)$/i

export interface Redactor {
  /** From now on these values are hidden too, also where they stand percent-encoded in an address. */
  add(secrets: readonly string[]): void
  text(text: string): string
  /** Every string inside, keys included. Fields of a name in `without` are left out at any depth. */
  json(value: Json | undefined): Json | undefined
}

export function createRedactor(secrets: readonly string[], without: readonly string[]): Redactor {
  let known: readonly string[] = []

  const add = (more: readonly string[]): void => {
    const long = more.filter((secret) => secret.length >= SHORTEST_SECRET)
    const all = new Set([...known, ...long.flatMap((secret) => [secret, encoded(secret)])])
    // The longest first, or a secret that contains another one would keep its rest.
    known = [...all].sort((a, b) => b.length - a.length)
  }

  const text = (plain: string): string => {
    const withoutKnown = known.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), plain)
    return SHAPES.reduce((rest, shape) => rest.replace(shape, `$1${REDACTED}`), withoutKnown)
  }

  const json = (value: Json | undefined): Json | undefined => {
    if (typeof value === 'string') return text(value)
    if (Array.isArray(value)) return value.map((inner) => json(inner) ?? null)
    if (value === null || typeof value !== 'object') return value
    const kept = Object.entries(value).filter(([key]) => !without.includes(key))
    return Object.fromEntries(
      kept.map(([key, inner]) => [text(key), SECRET_FIELDS.test(key) ? REDACTED : json(inner)]),
    )
  }

  add(secrets)
  return { add, text, json }
}

/** A lone surrogate cannot be encoded. */
const encoded = (secret: string): string => encodeURIComponent(secret.toWellFormed())
