/**
 * Whether a route's path means this one, and what its placeholders stand for: `:id` is one segment, `/*` at
 * the end is whatever follows. Case counts, a slash at the end does not. Segments that cannot be decoded
 * match nothing.
 */
export function matchRoute(
  pattern: string,
  path: string,
): Readonly<Record<string, string>> | undefined {
  const wanted = segmentsOf(pattern)
  const given = segmentsOf(path)
  const isPrefix = wanted.at(-1) === '*'
  if (isPrefix) wanted.pop()
  const rest = given.slice(wanted.length)
  if (isPrefix ? given.length < wanted.length : given.length !== wanted.length) return undefined
  const params: Record<string, string> = isPrefix ? { '*': rest.map(decoded).join('/') } : {}
  for (const [index, want] of wanted.entries()) {
    const value = decoded(given[index] ?? '')
    if (value === undefined) return undefined
    if (want.startsWith(':')) params[want.slice(1)] = value
    else if (want !== value) return undefined
  }
  return params
}

const segmentsOf = (path: string): string[] => path.split('/').filter((segment) => segment !== '')

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
