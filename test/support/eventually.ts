import { setTimeout as delay } from 'node:timers/promises'

/** Waits until `check` is true. @throws when it is not within `limitMs`, with what `describe` says. */
export async function eventually(
  check: () => boolean,
  describe: () => string = () => String(check),
  limitMs = 10_000,
): Promise<void> {
  const deadline = Date.now() + limitMs
  while (!check()) {
    if (Date.now() > deadline) throw new Error(`Not within ${limitMs} ms: ${describe()}`)
    await delay(5)
  }
}
