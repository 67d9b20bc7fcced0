import { wordsOf } from '../../agent/words-of.ts'

/** Hides keys and other secrets in a text. */
export type Redact = (text: string) => string

const MAX_LENGTH = 500
const MAX_CAUSES = 3
const SHORTEST_SECRET = 4

/** What was thrown and what caused that, in one bounded line without secrets. */
export function reasonOf(thrown: unknown, redact: Redact): string {
  const words: string[] = []
  let cause: unknown = thrown
  for (let depth = 0; depth <= MAX_CAUSES && cause !== undefined && cause !== null; depth += 1) {
    const said = wordsOf(cause).trim()
    // Errors that wrap others often quote them.
    if (said !== '' && !words.some((before) => before.includes(said))) words.push(said)
    cause = causeOf(cause)
  }
  const line = redact(words.join(' Cause: ').replaceAll(/\s+/g, ' '))
  return line.slice(0, MAX_LENGTH) || 'It did not say why.'
}

/** Foreign errors may have getters. */
function causeOf(thrown: unknown): unknown {
  try {
    return thrown instanceof Error ? thrown.cause : undefined
  } catch {
    return undefined
  }
}

/** `redact`, and the agent's own secrets besides. */
export function hidingSecrets(redact: Redact, secrets: readonly string[]): Redact {
  const long = secrets.filter((secret) => secret.length >= SHORTEST_SECRET)
  // The longest first, or a secret that contains another one would keep its rest.
  const ordered = [...new Set(long)].sort((a, b) => b.length - a.length)
  return (text) => redact(ordered.reduce((rest, own) => rest.replaceAll(own, '[secret]'), text))
}
