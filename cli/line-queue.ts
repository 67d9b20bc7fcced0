/** Lines that a person has typed and nobody has read yet, in order. */
export interface LineQueue<Line> {
  push(line: Line): void
  /** No more lines will come; those that wait are still read. */
  end(): void
  /** Undefined when the queue has ended. */
  next(): Promise<Line | undefined>
  /** Whether `next` has an answer at once. */
  isReady(): boolean
}

export function createLineQueue<Line>(): LineQueue<Line> {
  const lines: Line[] = []
  let reader: ((line: Line | undefined) => void) | undefined
  let hasEnded = false
  const hand = (line: Line | undefined) => {
    reader?.(line)
    reader = undefined
  }
  return {
    push(line) {
      if (reader) hand(line)
      else lines.push(line)
    },
    end() {
      hasEnded = true
      hand(undefined)
    },
    isReady: () => lines.length > 0 || hasEnded,
    next() {
      const line = lines.shift()
      if (line !== undefined || hasEnded) return Promise.resolve(line)
      return new Promise((resolve) => {
        reader = resolve
      })
    },
  }
}
