import type { ModelError } from '../agent/errors.ts'
import { type Patience, watchForStall } from './stall-watch.ts'
import { type VendorCall, vendorError } from './vendor-error.ts'

export interface WatchTerms {
  readonly call: VendorCall
  readonly patience: Patience
  readonly caller: AbortSignal
  /** Any error of the vendor's client. */
  errorOf(error: unknown): ModelError
}

export interface StreamTerms<T> extends WatchTerms {
  /** Whether the model has begun, so that the first clock has run its course. @default with any chunk */
  begins?(chunk: T): boolean
}

/** A vendor that goes on after its last word is hung up on; most close, and leave the connection to us. */
const GOODBYE_MS = 1_000

/**
 * What a vendor sends. Leaving the loop, the caller's abort and silence end the request, whether or not
 * the vendor's client would.
 *
 * @throws {ModelError}
 * @throws the signal's reason.
 */
export async function* watchedStream<T>(
  open: (signal: AbortSignal) => Promise<AsyncIterable<T> | Iterable<T>>,
  { call, patience, caller, errorOf, begins = () => true }: StreamTerms<T>,
): AsyncGenerator<T> {
  caller.throwIfAborted()
  const hangUp = new AbortController()
  const watch = watchForStall(caller, patience, (silentMs) =>
    vendorError({ kind: 'stalled', silentMs }, call),
  )
  let hasBegun = false
  let isComplete = false
  try {
    for await (const chunk of await open(AbortSignal.any([watch.signal, hangUp.signal]))) {
      hasBegun ||= begins(chunk)
      if (hasBegun) watch.heard()
      yield chunk
    }
    // Some clients end an aborted stream as if it were complete.
    watch.signal.throwIfAborted()
    isComplete = true
  } catch (error) {
    watch.signal.throwIfAborted()
    throw errorOf(error)
  } finally {
    watch.end()
    if (isComplete) setTimeout(() => hangUp.abort(), GOODBYE_MS).unref()
    else hangUp.abort()
  }
}

/** A vendor's one answer, under the same terms. */
export async function watchedCall<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  terms: WatchTerms,
): Promise<T> {
  for await (const answer of watchedStream(async (signal) => [await ask(signal)], terms)) {
    return answer
  }
  // A list of one has been gone through without its one.
  throw terms.errorOf(new Error('There was no answer.'))
}
