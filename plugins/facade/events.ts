import type { ElizaEventHandler } from '../contract.ts'
import type { EventMembers } from '../runtime.ts'
import type { Access } from './access.ts'
import { isObject } from './json.ts'

/** Handlers are run by the host, each by itself: what one throws reaches neither others nor who emits. */
export function eventMembers({ host, runtime }: Access): EventMembers {
  const listeners = new Map<string, Set<(payload: unknown) => void>>()
  const events: Record<string, ElizaEventHandler[]> = {}
  return {
    events,
    registerEvent(event, handler) {
      const handlers = runtime.events[event] ?? []
      handlers.push(handler)
      runtime.events[event] = handlers
      host.changed()
    },
    getEvent: (event) => runtime.events[event],
    async emitEvent(names, payload) {
      const given = isObject(payload) ? payload : {}
      const source = given.source || 'runtime'
      const told = typeof names === 'string' ? [names] : [...names]
      await host.emit(told, { ...given, runtime, source })
      if (told.includes('EMBEDDING_GENERATION_REQUESTED')) await queued(runtime, given)
    },
    on(event, callback) {
      listeners.set(event, (listeners.get(event) ?? new Set()).add(callback))
    },
    off: (event, callback) => void listeners.get(event)?.delete(callback),
    emit(event, payload) {
      for (const tell of listeners.get(event) ?? []) {
        try {
          tell(payload)
        } catch (error) {
          host.noteFault(undefined, `listener of ${event}`, error)
        }
      }
    },
  }
}

/** The host's own service, as far as it is asked here. */
interface EmbeddingQueue {
  handleEmbeddingRequest?(request: object): Promise<void>
}

/** Whoever asks for a vector by the event gets one, as of ElizaOS's service, which listens to it. */
async function queued(runtime: Access['runtime'], request: object): Promise<void> {
  const queue = runtime.getService<EmbeddingQueue>('embedding-generation')
  await queue?.handleEmbeddingRequest?.(request)
}
