import type { Platforms } from '../../agent/platforms.ts'
import type { ElizaSendHandler, ElizaTarget } from '../contract.ts'
import { shortName } from '../load/plugin-name.ts'
import { PluginError } from '../plugin-error.ts'
import type { AdaptPorts } from './adapt-ports.ts'
import { memberOf } from './isolate.ts'
import { turnScopeOf } from './turn-scope.ts'

export interface PlatformPorts extends AdaptPorts {
  hasRuntime(): boolean
  ownerOf(member: object): string
  needsGateway(plugin: string): boolean
  /** Plugins whose service holds a socket. */
  readonly gateways: ReadonlySet<string>
  /** Names of plugins, as the character has them. */
  named(): readonly string[]
}

/** By the send handlers that plugins register, as `sendMessageToTarget` does it. */
export function createPlatforms(ports: PlatformPorts): Platforms {
  const { gateways, agentId, isolation } = ports
  const handlers = (): ReadonlyMap<string, ElizaSendHandler> =>
    ports.hasRuntime() ? ports.runtime().sendHandlers : NONE
  return {
    has: (source) =>
      handlers().has(source) ||
      [...gateways, ...ports.named()].some((name) => shortName(name) === source.toLowerCase()),
    get canSend() {
      return gateways.size > 0 || handlers().size > 0
    },
    get needsGateway() {
      return [...gateways].some(ports.needsGateway)
    },
    async send(context, { id: roomId, source, channelId, messageServerId: serverId }, content) {
      const handler = handlers().get(source)
      if (!handler) throw new PluginError(source, notConnected(source))
      const plugin = ports.ownerOf(handler)
      const target: ElizaTarget = { source, roomId, channelId, ...(serverId && { serverId }) }
      const call = { plugin, kind: 'action', name: `SEND_MESSAGE to ${source}` } as const
      const scope = (signal: AbortSignal) =>
        turnScopeOf({ agentId, plugin, member: memberOf(call), context: { ...context, signal } })
      await isolation.run({ ...call, signal: context.signal, scope }, () =>
        handler(ports.runtime(), target, structuredClone(content)),
      )
    },
  }
}

const NONE: ReadonlyMap<string, ElizaSendHandler> = new Map()

const notConnected = (source: string) =>
  `Nothing is connected to '${source}': no plugin of the agent has registered a send handler for it. Look at the agent's plugins.`
