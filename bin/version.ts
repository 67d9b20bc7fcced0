import { readFileSync } from 'node:fs'

/** The version of the package this file belongs to. */
export function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const parsed: { version?: string } = JSON.parse(text)
  return parsed.version ?? 'unknown'
}
