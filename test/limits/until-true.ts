import { setTimeout as delay } from 'node:timers/promises'

const LIMIT_MS = 10_000

/** Asks again and again, never twice at the same time. @throws with what `describe` says, after 10 s. */
export async function untilTrue(
  check: () => Promise<boolean>,
  describe: () => string = () => String(check),
): Promise<void> {
  const deadline = Date.now() + LIMIT_MS
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`Not within ${LIMIT_MS} ms: ${describe()}`)
    await delay(5)
  }
}
