/** Runs a piece of work as soon as there is a place for it, first come, first served. */
export type Places = <Result>(signal: AbortSignal, work: () => Promise<Result>) => Promise<Result>

/**
 * Lets at most `size` pieces of work run at a time. Whoever is aborted leaves the line at once, and
 * throws the signal's reason.
 */
export function createPlaces(size: number): Places {
  const line = new Set<() => void>()
  let free = size
  const leave = () => {
    const [next] = line
    if (next) next()
    else free += 1
  }
  const wait = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const give = () => {
        line.delete(give)
        signal.removeEventListener('abort', quit)
        resolve()
      }
      const quit = () => {
        line.delete(give)
        reject(signal.reason)
      }
      line.add(give)
      signal.addEventListener('abort', quit, { once: true })
    })
  return async (signal, work) => {
    signal.throwIfAborted()
    if (free > 0) free -= 1
    else await wait(signal)
    try {
      return await work()
    } finally {
      leave()
    }
  }
}
