import { z } from 'zod'
import { PluginError } from '../plugin-error.ts'

/** What a plugin may reach, as a package declares it and as `settings.pluginPermissions.<name>` grants it. */
const PERMISSIONS = z.strictObject({
  /** `api.example.com`, `localhost:1234`, `*.example.com`; `*` is every public one. */
  hosts: z.array(z.string().min(1)).optional(),
  /** Absolute folders or files. */
  paths: z.array(z.string().min(1)).optional(),
  /** Of memories: `messages`, `facts`, `documents` …; `*` is every one. */
  tables: z.array(z.string().min(1)).optional(),
  /** `turn`: the room that is answered; `agent`: every room of the agent. */
  rooms: z.enum(['turn', 'agent']).optional(),
  /** Names of settings and secrets; `OPENAI_*` and `*` stand for several. */
  secrets: z.array(z.string().min(1)).optional(),
  process: z.enum(['shared', 'isolated']).optional(),
})

export type PermissionWishes = z.infer<typeof PERMISSIONS>

export interface Permissions {
  readonly hosts: readonly string[]
  readonly paths: readonly string[]
  readonly tables: readonly string[]
  readonly rooms: 'turn' | 'agent'
  readonly secrets: readonly string[]
  readonly process: 'shared' | 'isolated'
}

export interface PermissionSources {
  readonly plugin: string
  /** What the package says that it needs: it narrows, and asks. */
  readonly declared: unknown
  /** `settings.pluginPermissions`, by the plugin's name: it decides. */
  readonly granted: unknown
  /** Hosts that the operator's own settings name, such as that of `OPENAI_BASE_URL`. */
  readonly configuredHosts: readonly string[]
}

export interface ResolvedPermissions {
  readonly permissions: Permissions
  /** Declared, beyond what an installed package has, and not granted: `hosts: localhost:1234`. */
  readonly missing: readonly string[]
}

/** Of a package that the operator installed: the public internet, nothing of the machine. */
const USUAL: Permissions = {
  hosts: ['*'],
  paths: [],
  tables: ['*'],
  rooms: 'agent',
  secrets: ['*'],
  process: 'shared',
}

/** Not trusted: what nobody granted, it has not. */
const ISOLATED: Permissions = {
  hosts: [],
  paths: [],
  tables: ['*'],
  rooms: 'turn',
  secrets: [],
  process: 'isolated',
}

/**
 * A declaration makes the usual permissions smaller, so that a package which names one host has that one;
 * what it names beyond them it gets only by a grant. A grant replaces each member that it names, so it
 * may do both. A plugin that is granted a process of its own has what is granted, and nothing else.
 *
 * @throws {PluginError} one of them is of another shape.
 */
export function resolvePermissions(sources: PermissionSources): ResolvedPermissions {
  const { plugin, configuredHosts } = sources
  const declared = parsed(plugin, 'permissions of the package', sources.declared)
  const granted = parsed(plugin, `settings.pluginPermissions.${plugin}`, sources.granted)
  if (granted.process === 'isolated') {
    return { permissions: { ...ISOLATED, ...granted }, missing: [] }
  }
  const hosts = declared.hosts?.filter(isUsualHost) ?? USUAL.hosts
  return {
    permissions: {
      hosts: granted.hosts ?? [...hosts, ...configuredHosts],
      paths: granted.paths ?? USUAL.paths,
      tables: granted.tables ?? declared.tables ?? USUAL.tables,
      rooms: granted.rooms ?? declared.rooms ?? USUAL.rooms,
      secrets: granted.secrets ?? declared.secrets ?? USUAL.secrets,
      process: 'shared',
    },
    missing: [
      ...(granted.hosts ? [] : (declared.hosts ?? []))
        .filter((host) => !isUsualHost(host) && !configuredHosts.includes(host))
        .map((host) => `hosts: ${host}`),
      ...(granted.paths ? [] : (declared.paths ?? [])).map((path) => `paths: ${path}`),
      // Its code already runs here when it says so.
      ...(declared.process === 'isolated' && !granted.process ? ['process: isolated'] : []),
    ],
  }
}

function parsed(plugin: string, where: string, value: unknown): PermissionWishes {
  const result = PERMISSIONS.safeParse(value ?? {})
  if (result.success) return result.data
  const [issue] = result.error.issues
  const at = issue?.path.join('.') ?? ''
  throw new PluginError(
    plugin,
    `The plugin '${plugin}' is not started: the ${where} cannot be read` +
      `${at === '' ? '' : ` at '${at}'`} (${issue?.message}). docs/plugin-permissions.md lists what they may hold.`,
  )
}

/**
 * Names of the public internet: whether they lead there is seen when they are looked up. An entry is
 * private when a grant has to open the way past that check: an address, a port, a name without a dot.
 */
const isUsualHost = (host: string): boolean =>
  host === '*' ||
  (/^(?:\*\.)?[\w-]+(?:\.[\w-]+)+$/.test(host) && !/\.\d+$|\.(?:local|internal)$/.test(host))

/** Whether a list of names, `*` at their end being any rest, holds one. */
export const isNamed = (names: readonly string[], name: string): boolean =>
  names.some((each) => (each.endsWith('*') ? name.startsWith(each.slice(0, -1)) : each === name))
