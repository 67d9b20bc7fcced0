/** What must be closed when a process ends, in the reverse of the order in which it was opened. */
export interface Closers {
  add(name: string, close: () => unknown): void
  /** Closes everything, whatever fails. Safe to call twice. */
  close(onError: (name: string, error: unknown) => void): Promise<void>
}

export function createClosers(): Closers {
  const opened: { name: string; close: () => unknown }[] = []
  return {
    add: (name, close) => opened.push({ name, close }),
    async close(onError) {
      for (let last = opened.pop(); last; last = opened.pop()) {
        try {
          await last.close()
        } catch (error) {
          onError(last.name, error)
        }
      }
    },
  }
}
