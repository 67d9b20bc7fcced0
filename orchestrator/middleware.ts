import { MessageRefusedError } from '../agent/errors.ts'
import { wordsOf } from '../agent/words-of.ts'
import type { AcceptedMessage, AcceptedTurn, NewMessage } from '../api/deps.ts'
import type { TurnResult } from '../api/turns-port.ts'
import type { Around, Arrival } from '../bin/api/around.ts'

export interface MiddlewareContext {
  readonly agentId: string
  readonly roomId: string
  readonly message: NewMessage
  /** Whoever sent it has shown the key of the API, or is code of this program. */
  readonly authenticated: boolean
  /** The message's own. What is written here is for later middleware, and is not stored. */
  readonly metadata: Record<string, unknown>
  /** How the turn ended, its reply included; from when `next()` has resolved. */
  turn?: TurnResult
}

/** `next()` resolves when the turn has ended, or waits for an approval. What is thrown before it refuses the message. */
export type Middleware = (context: MiddlewareContext, next: () => Promise<void>) => unknown

export interface MiddlewarePorts {
  readonly stack: () => readonly Middleware[]
  /** How the turn ended. @throws the process ends before */
  ended(turn: AcceptedTurn): Promise<TurnResult>
  isAuthenticated(arrival: Arrival): boolean
  /** Something was thrown behind `next()`: the turn stands. */
  onLateError(context: MiddlewareContext, error: unknown): void
  /** Is told of everything that nobody waits for. */
  track(work: Promise<void>): void
  /** Milliseconds that it may take up to `next()`. @default 30,000 */
  readonly limitMs?: number
}

/** Leads a message through the middleware, once for each agent that will hear it. */
export function createMiddleware(ports: MiddlewarePorts): Around {
  return (arrival, accept) => {
    const stack = [...ports.stack()]
    if (stack.length === 0) return accept()
    const door = createDoor(arrival.hearers.length, accept)
    for (const { agentId, roomId } of arrival.hearers) {
      const context: MiddlewareContext = {
        ...{ agentId, roomId, message: arrival.message },
        authenticated: ports.isAuthenticated(arrival),
        metadata: { ...arrival.message.metadata },
      }
      ports.track(passThrough(ports, stack, context, door))
    }
    return door.accepted
  }
}

interface Door {
  readonly accepted: Promise<AcceptedMessage>
  /** The message is stored when all have come as far as this. */
  arrive(): Promise<AcceptedMessage>
  refuse(error: unknown): void
}

function createDoor(count: number, accept: () => Promise<AcceptedMessage>): Door {
  const { promise, resolve, reject } = Promise.withResolvers<AcceptedMessage>()
  promise.catch(() => undefined) // whoever accepts hears of it, and each `next()`
  let missing = count
  let isRefused = false
  return {
    accepted: promise,
    arrive() {
      missing -= 1
      if (missing === 0 && !isRefused) accept().then(resolve, reject)
      return promise
    },
    refuse(error) {
      isRefused = true
      reject(error)
    },
  }
}

const LIMIT_MS = 30_000

async function passThrough(
  ports: MiddlewarePorts,
  stack: readonly Middleware[],
  context: MiddlewareContext,
  door: Door,
): Promise<void> {
  const { limitMs = LIMIT_MS } = ports
  const late = `Middleware did not call next() within ${limitMs / 1_000} s.`
  const timer = setTimeout(() => door.refuse(new MessageRefusedError(late)), limitMs)
  let hasCrossed = false
  let isStored = false
  const cross = async () => {
    clearTimeout(timer)
    hasCrossed = true
    const { turns } = await door.arrive()
    isStored = true
    const turn = turns.find(({ agentId }) => agentId === context.agentId)
    if (turn) context.turn = await ports.ended(turn)
  }
  try {
    await runFrom(0, stack, context, cross)
    if (!hasCrossed) door.refuse(new MessageRefusedError(NOT_CALLED))
  } catch (error) {
    if (isStored) ports.onLateError(context, error)
    else if (!hasCrossed) door.refuse(new MessageRefusedError(wordsOf(error), { cause: error }))
  } finally {
    clearTimeout(timer)
  }
}

const NOT_CALLED = 'Middleware returned without calling next(), so the message was not stored.'

function runFrom(
  index: number,
  stack: readonly Middleware[],
  context: MiddlewareContext,
  cross: () => Promise<void>,
): Promise<void> {
  const layer = stack[index]
  if (!layer) return cross()
  let isCalled = false
  const next = () => {
    if (isCalled) return Promise.reject(new Error('Middleware called next() twice.'))
    isCalled = true
    const rest = runFrom(index + 1, stack, context, cross)
    rest.catch(() => undefined) // a layer that does not wait for it must not end the process
    return rest
  }
  return Promise.resolve().then(async () => void (await layer(context, next)))
}
