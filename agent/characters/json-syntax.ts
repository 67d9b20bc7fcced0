/** Where JSON text stops being JSON. */
export interface JsonSyntaxError {
  /** Both from 1. */
  readonly line: number
  readonly column: number
  /** What is wrong, without a piece of the text: it might be a secret. */
  readonly reason: string
}

/** Parses JSON text, or says where it is broken. A byte order mark is skipped. */
export function parseJsonText(
  text: string,
): { readonly value: unknown } | { readonly error: JsonSyntaxError } {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text
  try {
    return { value: JSON.parse(source) }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { error: locate(source, error.message) }
  }
}

function locate(text: string, message: string): JsonSyntaxError {
  const before = text.slice(0, offsetOf(text, message)).split('\n')
  return {
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
    reason: withoutText(message),
  }
}

function offsetOf(text: string, message: string): number {
  const named = / at position (\d+)/.exec(message)?.[1]
  if (named !== undefined) return Number(named)
  return message.startsWith('Unexpected token') ? offsetOfToken(text) : text.length
}

/**
 * V8 names no position for an unexpected token. It reads from left to right, so the token is the
 * last character of the shortest beginning that fails for the same reason.
 */
function offsetOfToken(text: string): number {
  let good = 0
  let bad = text.length
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1
    if (hasUnexpectedToken(text.slice(0, middle))) bad = middle
    else good = middle
  }
  return bad - 1
}

function hasUnexpectedToken(text: string): boolean {
  try {
    JSON.parse(text)
    return false
  } catch (error) {
    return error instanceof SyntaxError && error.message.startsWith('Unexpected token')
  }
}

const withoutText = (message: string): string =>
  message.replace(/, .* is not valid JSON$/s, '').replace(/ (in JSON )?at position .*$/s, '')
