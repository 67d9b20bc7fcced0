/**
 * What a promise gives, or the signal's reason as soon as it is aborted: foreign code may never settle,
 * and hears of no signal. What it gives or throws afterwards is dropped.
 */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** The pieces of an iterable, until the signal is aborted. */
export async function* piecesUntilAborted<T>(
  pieces: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const iterator = pieces[Symbol.asyncIterator]()
  let isDone = false
  try {
    while (true) {
      const next = await untilAborted(iterator.next(), signal)
      isDone = next.done === true
      if (next.done) return
      yield next.value
    }
  } finally {
    // A hanging iterator hangs here as well: it is told, and not waited for.
    if (!isDone) Promise.resolve(iterator.return?.()).catch(() => undefined)
  }
}
