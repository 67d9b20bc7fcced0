import { AsyncLocalStorage } from 'node:async_hooks'
import type { HandlerOptions, ModelHandler } from '../../agent/models.ts'
import type { ElizaModelHandler } from '../contract.ts'
import type { Runtime } from '../runtime.ts'
import { inScope, type MemberScope } from '../scope.ts'
import { beginVisit, type VendorVisit } from './vendor-visit.ts'

export interface ModelMember {
  readonly agentId: string
  readonly plugin: string
  /** As the plugin spells it. */
  readonly type: string
  readonly handler: ElizaModelHandler
  readonly runtime: Runtime
}

/**
 * A plugin's handler in a scope of its own, which stays open until its stream has ended. It belongs to
 * no turn, although a turn may wait for it: what it writes commits at once.
 *
 * What its vendor said stands in place of what the handler threw, where both are there.
 */
export function modelMember({
  agentId,
  plugin,
  type,
  handler,
  runtime,
}: ModelMember): ModelHandler['handler'] {
  return (params, { signal, onUsage = () => undefined }) => {
    const scope: MemberScope = { agentId, plugin, member: `model ${type}`, state: 'open' }
    const visit = beginVisit(scope, { type, signal, onUsage })
    return answered(scope, signal, async () => {
      try {
        const value = await handler(runtime, params)
        // Some describe a failure in words, or make a vector of zeros: it would be taken for an answer.
        if (visit.failure && !visit.hasAnswer) throw visit.failure
        return watched(value, visit)
      } catch (error) {
        throw visit.failure ?? error
      }
    })
  }
}

interface Answer {
  readonly value: unknown
  /** Resolves when its stream has ended; absent without one. */
  readonly over?: Promise<void>
}

/** The answer at once, the scope's end later. */
function answered(
  scope: MemberScope,
  signal: HandlerOptions['signal'],
  work: () => Promise<Answer>,
): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  inScope(scope, async () => {
    const { value, over } = await work()
    resolve(value)
    if (over) await Promise.race([over, aborted(signal)])
  }).catch(reject)
  return promise
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })

/**
 * ElizaOS's TextStreamResult. The one of plugins for the AI SDK ends normally when its request failed, and
 * its promises reject without a reason: the reason is put there.
 */
function watched(value: unknown, visit: VendorVisit): Answer {
  if (typeof value !== 'object' || value === null || !('textStream' in value)) return { value }
  const { textStream, text, usage, finishReason } = value as Record<string, unknown> // any members
  for (const part of [text, usage]) Promise.resolve(part).catch(() => undefined)
  if (!isIterable(textStream)) return { value }
  const { promise: over, resolve: end } = Promise.withResolvers<void>()
  const reason = reasonOf(finishReason, visit)
  reason.catch(() => undefined)
  return {
    value: {
      textStream: pieces(textStream, visit, { here: AsyncLocalStorage.snapshot(), end }),
      ...{ text, usage, finishReason: reason },
    },
    over,
  }
}

/** Each step runs where the handler ran: a stream may send its request when its first piece is asked for. */
async function* pieces(
  stream: AsyncIterable<unknown>,
  visit: VendorVisit,
  { here, end }: { here: ReturnType<typeof AsyncLocalStorage.snapshot>; end: () => void },
) {
  const iterator = here(() => stream[Symbol.asyncIterator]())
  let isDone = false
  try {
    while (true) {
      const next = await here(() => iterator.next())
      isDone = next.done === true
      if (next.done) return
      yield next.value
    }
  } catch (error) {
    isDone = true
    throw visit.failure ?? error
  } finally {
    end()
    if (!isDone) Promise.resolve(iterator.return?.()).catch(() => undefined)
  }
}

async function reasonOf(finishReason: unknown, visit: VendorVisit): Promise<unknown> {
  try {
    const reason = await finishReason
    // A vendor that fails in mid-stream is told of as `unknown`, with the text so far.
    if (reason !== 'error' && !visit.failure) return reason
  } catch (error) {
    throw visit.failure ?? error
  }
  throw visit.failure ?? new Error('its stream ended with an error, and did not say which')
}

const isIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value
