import { isIP } from 'node:net'
import { PluginError } from '../plugin-error.ts'
import { currentScope, type MemberScope } from '../scope.ts'
import { hostVerdict, nameOf } from './host-verdict.ts'
import { isNamed, type Permissions } from './permissions.ts'

export interface PluginGrant {
  readonly permissions: Permissions
  /** Absolute, of its package: it may read there. Null when it was given in code. */
  readonly folder: string | null
}

/** What the plugins of this process may do, agent by agent. */
export interface PermissionBook {
  set(agentId: string, plugin: string, grant: PluginGrant): void
  delete(agentId: string): void
  /** Calls with each agent that is deleted. @returns ends that */
  onDelete(listener: (agentId: string) => void): () => void
  of(scope: MemberScope): PluginGrant
  /** Whether anything was written down of an agent. */
  knows(agentId: string): boolean
}

/** A member whose plugin nobody wrote down may do nothing. */
const NOTHING: PluginGrant = {
  permissions: { hosts: [], paths: [], tables: [], rooms: 'turn', secrets: [], process: 'shared' },
  folder: null,
}

export function createPermissionBook(): PermissionBook {
  const agents = new Map<string, Map<string, PluginGrant>>()
  const listeners = new Set<(agentId: string) => void>()
  return {
    set(agentId, plugin, grant) {
      const plugins = agents.get(agentId) ?? new Map<string, PluginGrant>()
      agents.set(agentId, plugins.set(plugin, grant))
    },
    delete(agentId) {
      agents.delete(agentId)
      for (const listener of listeners) listener(agentId)
    },
    onDelete(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    knows: (agentId) => agents.has(agentId),
    of: ({ agentId, plugin }) => agents.get(agentId)?.get(plugin) ?? NOTHING,
  }
}

/** What the façade asks before it does something for the member that runs. Nothing runs: all is allowed. */
export interface PermissionGuard {
  /** @throws {PluginError} */
  table(name: string): void
  /** Of a memory, a component, a participant; `*` is every one. @throws {PluginError} */
  room(roomId: string): void
  /** That it asks, or lets us ask. @throws {PluginError} */
  host(url: URL, scope?: MemberScope): void
  /** A setting or a secret that it may not read is to it as if it were not set. */
  maySeeSetting(name: string): boolean
}

export function createPermissionGuard(book: PermissionBook): PermissionGuard {
  return {
    table(name) {
      const scope = currentScope()
      if (!scope || isNamed(book.of(scope).permissions.tables, name)) return
      throw refusal(scope, `use the table '${name}'`, `tables`)
    },
    room(roomId) {
      const scope = currentScope()
      if (!scope || book.of(scope).permissions.rooms === 'agent') return
      if (scope.turn?.context.room.id === roomId) return
      throw refusal(scope, `reach the room '${roomId}': only that of the turn`, 'rooms')
    },
    host(url, scope = currentScope()) {
      if (!scope || hostVerdict(book.of(scope).permissions.hosts, url) !== 'refused') return
      throw hostRefusal(scope, nameOf(url))
    },
    maySeeSetting(name) {
      const scope = currentScope()
      return !scope || isNamed(book.of(scope).permissions.secrets, name)
    },
  }
}

/** Named for the person who may allow it. */
export function refusal(scope: MemberScope, what: string, member: keyof Permissions): PluginError {
  const { plugin } = scope
  return new PluginError(
    plugin,
    `The plugin '${plugin}' (${scope.member}) may not ${what}. If it shall, add it to ` +
      `settings.pluginPermissions['${plugin}'].${member} of the character.`,
  )
}

/** `fetch` by a plugin of a host that it may not ask. An address is quoted as a name is. */
export const hostRefusal = (scope: MemberScope, name: string): PluginError =>
  refusal(scope, `reach the ${isIP(name) ? 'address' : 'host'} '${name}'`, 'hosts')
