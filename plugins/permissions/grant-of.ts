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
  const { pluginPermissions } = settings
  if (typeof pluginPermissions !== 'object' || pluginPermissions === null) return undefined
  const grants = Object.entries(pluginPermissions)
  for (const name of names) {
    const short = shortName(name)
    const found = grants.find(([key]) => shortName(key) === short)
    if (found) return { key: found[0], granted: found[1] }
  }
  return undefined
}
