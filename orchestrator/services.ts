import { OrchestratorError } from './orchestrator-error.ts'
import type { Emit } from './roster.ts'
import { ElizaOSEventType } from './system-events.ts'

/** Whatever a program shares with its agents; ElizaOS's services have `stop`. */
export type GlobalService = object

export interface GlobalServices {
  /** @throws {OrchestratorError} the name is taken */
  register(name: string, service: GlobalService): void
  /** Stops it. False when there is none. */
  unregister(name: string): Promise<boolean>
  get(name: string): GlobalService | undefined
  names(): readonly string[]
  /** All of them, the last registered first. */
  stopAll(): Promise<void>
}

export function createGlobalServices(emit: Emit): GlobalServices {
  const services = new Map<string, GlobalService>()
  const unregister = async (name: string) => {
    const service = services.get(name)
    if (!service) return false
    services.delete(name)
    try {
      if ('stop' in service && typeof service.stop === 'function') await service.stop()
    } catch (error) {
      emit(ElizaOSEventType.SERVICE_ERROR, { service: name, error })
    }
    emit(ElizaOSEventType.SERVICE_UNREGISTERED, { service: name })
    return true
  }
  return {
    register(name, service) {
      if (services.has(name)) {
        throw new OrchestratorError(
          'service_taken',
          `A global service '${name}' is registered. Unregister it first, or choose another name.`,
        )
      }
      services.set(name, service)
      emit(ElizaOSEventType.SERVICE_REGISTERED, { service: name })
    },
    unregister,
    get: (name) => services.get(name),
    names: () => [...services.keys()],
    async stopAll() {
      for (const name of [...services.keys()].reverse()) await unregister(name)
    },
  }
}
