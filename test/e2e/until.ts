import { setTimeout as delay } from 'node:timers/promises'
import { allLogs } from '../support/processes.ts'

const PAUSE_MS = 20

/**
 * Asks until there is an answer. @throws when there is none within `limitMs`, with what our processes
 * logged; an error of `ask` is thrown at once.
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  limitMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > deadline) {
      throw new Error(`Not within ${limitMs} ms: ${what}. What the processes wrote:\n${allLogs()}`)
    }
    await delay(PAUSE_MS)
  }
}
