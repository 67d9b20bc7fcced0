const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

/**
 * Every text in a value as JSON has it, and every text inside those that are base64 or JSON, however
 * deep: payloads are base64 of JSON, and the arguments in them may be anything again.
 */
export function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value, ...inside(value)]
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, inner]) => [key, ...stringsIn(inner)])
}

function inside(text: string): string[] {
  if (/^\s*["[{]/.test(text)) return stringsIn(parsed(text))
  // Shorter ones are words; what they would decode to says nothing.
  if (text.length < 8 || text.length % 4 !== 0 || !BASE64.test(text)) return []
  return stringsIn(Buffer.from(text, 'base64').toString('utf8'))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
