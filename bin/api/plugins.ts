import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { ConflictError, RequiredPluginError } from '../../agent/errors.ts'
import { matchRoute } from '../../api/plugin-routes/match-route.ts'
import type { FoundRoute, PluginRoutesPort, RouteQuestion } from '../../api/plugin-routes-port.ts'
import type { PluginsPort } from '../../api/plugins-port.ts'
import type { ElizaRoute } from '../../plugins/contract.ts'
import { bareScopeOf } from '../../plugins/host/turn-scope.ts'
import type { OpenedAgent } from '../../plugins/plugin-host.ts'
import type { AgentStore, StoredAgent } from '../agent-store.ts'
import type { PluginHouse } from '../plugin-house.ts'

export interface PluginParts {
  readonly agents: Pick<AgentStore, 'stored' | 'list' | 'registry'>
  readonly house: Pick<PluginHouse, 'host'>
}

/** An agent's plugins, as this process has loaded them; they are loaded if they were not. */
export function createPluginsPort(parts: PluginParts): PluginsPort {
  return {
    async list(agentId) {
      try {
        return (await openedOf(parts, agentId))?.report ?? []
      } catch (error) {
        const failure = parts.house.host.failure(agentId)
        if (!failure || !(error instanceof RequiredPluginError)) throw error
        return failure.report // never more needed than now
      }
    },
    async panels(agentId) {
      const { routes = [] } = (await openedOf(parts, agentId)) ?? {}
      return routes
        .filter(({ type, name, public: isPublic }) => type === 'GET' && isPublic && name)
        .map((route) => ({
          name: route.name ?? '',
          path: `/api${pathOf(route)}?agentId=${agentId}`,
        }))
    },
  }
}

/** Routes of plugins. Without an agent's id, the first agent of this process with such a route is meant. */
export function createPluginRoutesPort(parts: PluginParts): PluginRoutesPort {
  return {
    async find(question) {
      const { agentId, isAnonymous } = question
      if (agentId !== undefined) {
        const opened = isAnonymous
          ? parts.house.host.opened(agentId)
          : await openedOf(parts, agentId)
        return opened && routeOf(parts, { agentId, opened, question })
      }
      for (const id of parts.house.host.openIds()) {
        const opened = parts.house.host.opened(id)
        const route = opened && routeOf(parts, { agentId: id, opened, question })
        if (route) return route
      }
      return undefined
    },
  }
}

/** @throws {NotFoundError} @throws {ConflictError} it is stopped. @throws {RequiredPluginError} */
async function openedOf(parts: PluginParts, agentId: string): Promise<OpenedAgent | undefined> {
  const stored = await parts.agents.stored(agentId)
  if (stored.row.status !== 'active') throw stopped(stored)
  await parts.agents.registry.get(agentId, stored.row.updated_at.getTime())
  return parts.house.host.opened(agentId)
}

const stopped = ({ id, row }: StoredAgent) =>
  new ConflictError(
    `The agent '${row.name}' is stopped. Start it with POST /api/agents/${id}/start.`,
    'agent_stopped',
  )

type NamedRoute = ElizaRoute & { readonly plugin: string }

const pathOf = ({ plugin, path }: NamedRoute): string =>
  `/${plugin}${path.startsWith('/') ? path : `/${path}`}`

interface Asked {
  readonly agentId: string
  readonly opened: OpenedAgent
  readonly question: RouteQuestion
}

function routeOf(
  { house }: PluginParts,
  { agentId, opened, question }: Asked,
): FoundRoute | undefined {
  for (const route of opened.routes) {
    const isStatic = route.type === 'STATIC'
    const pattern = isStatic ? join(pathOf(route), '*') : pathOf(route)
    const wanted = isStatic ? 'GET' : route.type
    const params = wanted === question.method ? matchRoute(pattern, question.path) : undefined
    if (!params) continue
    const label = `${route.type} ${pathOf(route)}`
    const run = (request: IncomingMessage, response: ServerResponse) =>
      runRoute(house, { agentId, opened, route, label }, { request, response })
    const isPublic = route.public === true || isStatic
    if (!isPublic && question.isAnonymous) continue
    const file = isStatic ? { staticFile: route.filePath ?? '' } : {}
    return { agentId, isPublic, params, label, run, ...file }
  }
  return undefined
}

interface Called {
  readonly agentId: string
  readonly opened: OpenedAgent
  readonly route: NamedRoute
  readonly label: string
}

async function runRoute(
  { host }: PluginParts['house'],
  { agentId, opened, route, label }: Called,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): Promise<void> {
  const { plugin } = route
  const isolation = host.isolation(agentId)
  await isolation?.run(
    {
      ...{ plugin, kind: 'route', name: label },
      scope: (_signal, member) => bareScopeOf({ agentId, plugin, member }),
    },
    async () => void (await route.handler?.(request, response, opened.runtime)),
  )
}
