import type { ElizaPlugin, ElizaService, ElizaServiceClass } from '../contract.ts'
import { shortName } from '../load/plugin-name.ts'
import { PluginError } from '../plugin-error.ts'
import { inScope } from '../scope.ts'
import type { AdaptPorts } from './adapt-ports.ts'
import type { MemberCall } from './isolate.ts'
import { bareScopeOf } from './turn-scope.ts'

/** Of these the host has its own: exactly one run of a task, a queue that survives the process. */
const HOST_TYPES: readonly string[] = ['task', 'embedding-generation', 'message-bus-service']

/** Plugins that hold a connection to a platform, by their names. */
const SOCKET_PLUGINS: readonly string[] = [
  ...['discord', 'telegram', 'twitter', 'x', 'slack', 'farcaster', 'instagram', 'whatsapp'],
  ...['matrix', 'irc', 'twitch', 'bluesky', 'nostr', 'signal', 'imessage', 'minecraft', 'roblox'],
]

export interface Services {
  /** By the runtime, which keeps its health. @throws {PluginError} */
  register(service: ElizaServiceClass, plugin: string): Promise<void>
  /** Starts an instance and puts it into the runtime. @throws {PluginError} */
  start(service: ElizaServiceClass, plugin: string): Promise<void>
  /** Of one plugin, after it failed. */
  stopOf(plugin: string): Promise<void>
  /** Last started first; one that does not stop in time is left behind. */
  stopAll(): Promise<void>
  count(plugin: string): number
}

interface Running {
  readonly plugin: string
  readonly type: string
  readonly service: ElizaService
}

export function createServices(ports: AdaptPorts): Services {
  const running: Running[] = []
  const { isolation, agentId, runtime, log } = ports
  const call = (kind: MemberCall['kind'], plugin: string, type: string): MemberCall => ({
    ...{ plugin, kind, name: type },
    scope: (_, member) => bareScopeOf({ agentId, plugin, member }),
  })
  const stop = async (some: readonly Running[]) => {
    for (const one of some.toReversed()) {
      const { plugin, type, service } = one
      running.splice(running.indexOf(one), 1)
      try {
        await isolation.run(call('stop', plugin, type), () => service.stop?.())
      } catch {
        // Counted and logged; the others are stopped all the same.
      }
      remove(runtime().services, type, service)
    }
  }
  return {
    register: (service, plugin) => {
      const member = `service ${service.serviceType ?? service.name}`
      const scope = bareScopeOf({ agentId, plugin, member })
      return inScope(scope, () => runtime().registerService(service))
    },
    async start(service, plugin) {
      const { serviceType: type } = service
      if (typeof type !== 'string' || type === '') {
        const sentence = `The service class '${service.name}' of the plugin '${plugin}' has no static serviceType. Give it one.`
        throw new PluginError(plugin, sentence)
      }
      if (HOST_TYPES.includes(type)) {
        log.debug(
          { agentId, plugin, type },
          'A service of this type is the host’s; it is not started.',
        )
        return
      }
      const instance = await isolation.run(call('service', plugin, type), async (signal) => {
        const started: unknown = await startedBy(service, plugin, ports)
        if (!isService(started)) {
          throw new Error("Its start() gave no object. It must return the service's instance.")
        }
        // Too late: nobody would stop it otherwise.
        if (signal.aborted) await started.stop?.()
        signal.throwIfAborted()
        // Looked up on the class: it knows how, the instance does not.
        await service.registerSendHandlers?.(runtime(), started)
        return started
      })
      running.push({ plugin, type, service: instance })
      const { services } = runtime()
      services.set(type, [...(services.get(type) ?? []), instance])
    },
    async stopOf(plugin) {
      await stop(running.filter((one) => one.plugin === plugin))
    },
    stopAll: () => stop([...running]),
    count: (plugin) => running.filter((one) => one.plugin === plugin).length,
  }
}

async function startedBy(service: ElizaServiceClass, plugin: string, { runtime }: AdaptPorts) {
  if (typeof service.start === 'function') return service.start(runtime())
  throw new PluginError(
    plugin,
    `The service class '${service.name}' of the plugin '${plugin}' has no static start(runtime). Give it one.`,
  )
}

function remove(services: Map<string, ElizaService[]>, type: string, service: ElizaService): void {
  const left = (services.get(type) ?? []).filter((one) => one !== service)
  if (left.length > 0) services.set(type, left)
  else services.delete(type)
}

const isService = (value: unknown): value is ElizaService =>
  (typeof value === 'object' && value !== null) || typeof value === 'function'

/** Its actions run in the process that holds the connection. */
export function holdsSocket({ name, services }: ElizaPlugin): boolean {
  const marked = (services ?? []).some((one) => 'holdsSocket' in one && one.holdsSocket === true)
  return marked || ((services ?? []).length > 0 && SOCKET_PLUGINS.includes(shortName(name)))
}
