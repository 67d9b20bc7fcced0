import { createEmbeddingService } from './embedding-service.ts'
import { createMessageBusService } from './message-bus-service.ts'
import type { HostServicePorts } from './service-ports.ts'
import { createTaskService } from './task-service.ts'

/** Services that are the host's: classes of plugins with these types are not started. */
export type HostServices = (agentId: string, type: string) => unknown

/** One object per agent and type, made when somebody asks for it. */
export function createHostServices(ports: HostServicePorts): HostServices {
  const made = new Map<string, unknown>()
  const makers: Readonly<Record<string, (agentId: string) => unknown>> = {
    task: (agentId) => createTaskService(agentId, ports),
    'embedding-generation': (agentId) => createEmbeddingService(agentId, ports),
    'message-bus-service': () => createMessageBusService(),
  }
  return (agentId, type) => {
    const make = Object.hasOwn(makers, type) ? makers[type] : undefined
    if (!make) return undefined
    const key = `${agentId} ${type}`
    const service = made.get(key) ?? make(agentId)
    made.set(key, service)
    return service
  }
}
