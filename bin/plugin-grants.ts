import { configuredHosts } from '../plugins/permissions/configured-hosts.ts'
import { grantOf } from '../plugins/permissions/grant-of.ts'
import type { PermissionBook } from '../plugins/permissions/permission-book.ts'
import { resolvePermissions } from '../plugins/permissions/permissions.ts'
import { PluginError } from '../plugins/plugin-error.ts'
import type { HostedAgent, LoadedPlugin } from '../plugins/plugin-host.ts'
import type { HostLog } from '../plugins/runtime-host.ts'

interface GrantParts {
  readonly book: PermissionBook
  readonly log: HostLog
  environment(name: string): string | undefined
}

/** Writes down what a plugin may reach, before anything of it runs. @throws {PluginError} it cannot be read */
export function permitPlugin(
  { book, log, environment }: GrantParts,
  { id: agentId, character, settings }: HostedAgent,
  { plugin, folder, isIsolated }: LoadedPlugin,
): void {
  const { permissions, missing } = resolvePermissions({
    plugin: plugin.name,
    declared: plugin.permissions,
    granted: grantOf(settings, plugin.name)?.granted,
    configuredHosts: configuredHosts({
      settings,
      environment,
      names: Object.keys(plugin.config ?? {}),
    }),
  })
  if (permissions.process === 'isolated' && !isIsolated) throw notIsolated(plugin.name)
  book.set(agentId, plugin.name, { permissions, folder })
  if (missing.length === 0) return
  log.warn(
    { agentId, plugin: plugin.name, missing },
    `The plugin '${plugin.name}' asks for more than it is given for '${character.name}'. ` +
      `Grant it under settings.pluginPermissions.${plugin.name}, or leave it.`,
  )
}

/** Its code was imported, under a name that the grant does not have: none of it may run. */
const notIsolated = (name: string) =>
  new PluginError(
    name,
    `The plugin '${name}' is granted a process of its own, and was read into this one, for the character ` +
      "names it otherwise. Write the grant under settings.pluginPermissions with the name in the character's `plugins`.",
  )
