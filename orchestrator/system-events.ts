/** The system's own events; a program may emit others under names of its own. */
export const ElizaOSEventType = {
  SYSTEM_STARTED: 'system:started',
  SYSTEM_STOPPED: 'system:stopped',
  SYSTEM_ERROR: 'system:error',
  SYSTEM_OVERLOADED: 'system:overloaded',
  AGENT_CREATED: 'agent:created',
  AGENT_STARTED: 'agent:started',
  AGENT_STOPPED: 'agent:stopped',
  AGENT_REMOVED: 'agent:removed',
  AGENT_ERROR: 'agent:error',
  PLUGIN_REGISTERED: 'plugin:registered',
  PLUGIN_UNREGISTERED: 'plugin:unregistered',
  SERVICE_REGISTERED: 'service:registered',
  SERVICE_UNREGISTERED: 'service:unregistered',
  SERVICE_ERROR: 'service:error',
} as const
export type ElizaOSEventType = (typeof ElizaOSEventType)[keyof typeof ElizaOSEventType]

export interface ElizaOSEvent {
  readonly type: string
  /** Milliseconds since the epoch. */
  readonly timestamp: number
  readonly data: Readonly<Record<string, unknown>>
}

export type ElizaOSEventHandler = (event: ElizaOSEvent) => unknown

export interface SystemEvents {
  /** The same handler is called once, however often it was added. */
  on(type: string, handler: ElizaOSEventHandler): void
  off(type: string, handler: ElizaOSEventHandler): void
  /** Calls the handlers in their order; nobody waits for them. */
  emit(event: ElizaOSEvent): void
}

/** @param onError hears of a handler that threw or rejected; the others are called all the same */
export function createSystemEvents(
  onError: (event: ElizaOSEvent, error: unknown) => void,
): SystemEvents {
  const handlers = new Map<string, Set<ElizaOSEventHandler>>()
  return {
    on(type, handler) {
      const added = handlers.get(type) ?? new Set()
      handlers.set(type, added.add(handler))
    },
    off: (type, handler) => void handlers.get(type)?.delete(handler),
    emit(event) {
      for (const handler of [...(handlers.get(event.type) ?? [])]) {
        void tell(handler, event).catch((error: unknown) => onError(event, error))
      }
    },
  }
}

/** Synchronously up to its first wait: whoever emits has told everybody when `emit` returns. */
async function tell(handler: ElizaOSEventHandler, event: ElizaOSEvent): Promise<void> {
  await handler(event)
}
