import { shortName } from '../load/plugin-name.ts'

export interface Grant {
  /** As the character writes the plugin's name. */
  readonly key: string
  readonly granted: unknown
}

/** `settings.pluginPermissions` of an agent, by any of the names that a plugin has; the first name wins. */
export function grantOf(
  settings: Readonly<Record<string, unknown>>,
  ...names: readonly string[]
): Grant | undefined {
  const grants = grantsIn(settings)
  for (const name of names) {
    const short = shortName(name)
    const found = grants.find(([key]) => shortName(key) === short)
    if (found) return { key: found[0], granted: found[1] }
  }
  return undefined
}

/** Names that are granted a process of their own, as the character writes them. */
export const isolatedNames = (settings: Readonly<Record<string, unknown>>): readonly string[] =>
  grantsIn(settings).flatMap(([name, granted]) => (isIsolated(granted) ? [name] : []))

export const isIsolated = (granted: unknown): boolean =>
  typeof granted === 'object' &&
  granted !== null &&
  'process' in granted &&
  granted.process === 'isolated'

function grantsIn({ pluginPermissions }: Readonly<Record<string, unknown>>): [string, unknown][] {
  const isObject = typeof pluginPermissions === 'object' && pluginPermissions !== null
  return isObject ? Object.entries(pluginPermissions) : []
}
