/**
 * Runs foreign work for at most `timeoutMs`. Its signal is aborted when the time is up, when `outer`
 * is aborted, and once it has ended. Work that does not listen goes on unheard.
 *
 * @throws what the work throws, an error that names the limit, or the reason of `outer`
 */
export async function withinTime<T>(
  outer: AbortSignal,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<T> | T,
): Promise<T> {
  outer.throwIfAborted()
  const own = new AbortController()
  const forward = () => own.abort(outer.reason)
  outer.addEventListener('abort', forward, { once: true })
  const timer = setTimeout(
    () => own.abort(new Error(`It gave nothing within ${timeoutMs} ms.`)),
    timeoutMs,
  )
  try {
    return await Promise.race([rejection(own.signal), run(work, own.signal)])
  } finally {
    clearTimeout(timer)
    outer.removeEventListener('abort', forward)
    own.abort()
  }
}

/** An `async` function, so that work that throws at once rejects like work that throws later. */
async function run<T>(work: (signal: AbortSignal) => Promise<T> | T, signal: AbortSignal) {
  return work(signal)
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
