/** Lines that one plugin of an agent may write in a minute. */
const LINES_PER_MINUTE = 100
/** Characters of a line; plugins log whole prompts. */
export const LINE_LENGTH = 1_000

const WINDOW_MS = 60_000

export interface LogLimit {
  /** @param tellLeftOut is called, before the first line after them, with how many were left out */
  admits(plugin: string, tellLeftOut: (count: number) => void): boolean
}

/** So that no plugin drowns what the others, and we, have to say. */
export function createLogLimit(now: () => number = Date.now): LogLimit {
  const minutes = new Map<string, { since: number; count: number }>()
  return {
    admits(plugin, tellLeftOut) {
      const known = minutes.get(plugin)
      const isOver = known === undefined || now() - known.since >= WINDOW_MS
      const minute = isOver ? { since: now(), count: 0 } : known
      minutes.set(plugin, minute)
      minute.count += 1
      if (isOver && known && known.count > LINES_PER_MINUTE) {
        tellLeftOut(known.count - LINES_PER_MINUTE)
      }
      return minute.count <= LINES_PER_MINUTE
    },
  }
}

export const leftOutWords = (plugin: string, count: number): string =>
  `The plugin '${plugin}' wrote more than ${LINES_PER_MINUTE} lines in a minute: ${count} were left out.`
