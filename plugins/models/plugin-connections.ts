import type { Dispatcher } from '../permissions/guarded-connections.ts'
import type { Permissions } from '../permissions/permissions.ts'
import type { MemberScope } from '../scope.ts'

/** Connections of the plugins of a process, of each agent's by themselves. */
export interface PluginConnections {
  of(scope: MemberScope, permissions: Permissions): Dispatcher
  /** The agent's plugins were stopped. What is on its way arrives. */
  forget(agentId: string): void
  /** How many there are. */
  count(): number
  destroy(): Promise<void>
}

export function createPluginConnections(
  open: (scope: MemberScope, permissions: Permissions) => Dispatcher,
): PluginConnections {
  const known = new Map<string, Known>()
  const close = (key: string) => {
    const { dispatcher } = known.get(key) ?? {}
    known.delete(key)
    dispatcher?.close?.().catch(() => undefined) // of connections that failed already
  }
  return {
    of(scope, permissions) {
      const { agentId, plugin } = scope
      const key = JSON.stringify([agentId, plugin])
      const found = known.get(key)
      if (found?.permissions === permissions) return found.dispatcher
      close(key)
      const dispatcher = open(scope, permissions)
      known.set(key, { agentId, permissions, dispatcher })
      return dispatcher
    },
    forget(agentId) {
      for (const [key, each] of known) if (each.agentId === agentId) close(key)
    },
    count: () => known.size,
    async destroy() {
      await Promise.all([...known.values()].map(({ dispatcher }) => dispatcher.destroy?.()))
    },
  }
}

interface Known {
  readonly agentId: string
  readonly permissions: Permissions
  readonly dispatcher: Dispatcher
}
