import type { ElizaService, ElizaServiceClass } from '../contract.ts'
import { PluginError } from '../plugin-error.ts'
import type { ServiceHealth, ServiceMembers, ServiceStatus } from '../runtime.ts'
import type { Access } from './access.ts'

/** Services of the agent by type; one that all agents share is found behind its own. */
export function serviceMembers({ host, runtime }: Access): ServiceMembers {
  const { services, waitFor } = watchedServices()
  const states = new Map<string, ServiceStatus>()
  const ofType = (type: string): readonly unknown[] => {
    const own = runtime.services.get(type) ?? []
    const shared = own.length > 0 ? undefined : host.globalService(type)
    return shared ? [shared] : own
  }
  const statusOf = (type: string): ServiceStatus =>
    ofType(type).length > 0 ? 'registered' : (states.get(type) ?? 'unknown')
  // Who asks says of which class they are: nothing here can know.
  const first = <T>(type: string) => (ofType(type)[0] ?? null) as T | null
  return {
    services,
    getService: first,
    getTypedService: first,
    getServicesByType: <T>(type: string) => [...ofType(type)] as T[], // as above
    getAllServices: () => runtime.services,
    hasService: (type) => ofType(type).length > 0,
    registerService: (service) => register(service, { states, start: host.startService }),
    async getServiceLoadPromise(type) {
      const standing = first<ElizaService>(type)
      if (!standing && statusOf(type) === 'unknown') states.set(type, 'pending')
      return standing ?? waitFor(type)
    },
    getRegisteredServiceTypes: () => [...runtime.services.keys()],
    getServiceRegistrationStatus: statusOf,
    getServiceHealth() {
      const types = new Set([...runtime.services.keys(), ...states.keys()])
      return Object.fromEntries(
        [...types].map((type): [string, ServiceHealth] => {
          const instances = runtime.services.get(type)?.length ?? 0
          const status = statusOf(type)
          return [type, { status, instances, hasPromise: status === 'pending' }]
        }),
      )
    },
  }
}

interface Registering {
  readonly states: Map<string, ServiceStatus>
  readonly start: (service: ElizaServiceClass) => Promise<void>
}

async function register(service: ElizaServiceClass, { states, start }: Registering): Promise<void> {
  const { serviceType, name } = service
  if (!serviceType) {
    const message = `The service class '${name}' has no static 'serviceType', by which others find it. Give it one.`
    throw new PluginError('runtime', message)
  }
  states.set(serviceType, 'registering')
  try {
    await start(service)
    states.delete(serviceType)
  } catch (error) {
    states.set(serviceType, 'failed')
    throw error
  }
}

/** A real Map that tells who waits for a type. One that never comes is waited for as in ElizaOS: for ever. */
function watchedServices() {
  const services = new Map<string, ElizaService[]>()
  const waiting = new Map<string, ((service: ElizaService) => void)[]>()
  const set = services.set.bind(services)
  services.set = (type, instances) => {
    set(type, instances)
    const [service] = instances
    if (!service) return services
    for (const tell of waiting.get(type) ?? []) tell(service)
    waiting.delete(type)
    return services
  }
  const waitFor = (type: string): Promise<ElizaService> =>
    new Promise((resolve) => waiting.set(type, [...(waiting.get(type) ?? []), resolve]))
  return { services, waitFor }
}
