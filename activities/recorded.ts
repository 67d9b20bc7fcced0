import { UnavailableError } from '../agent/errors.ts'

/** A paid answer is worth more than one try: without its row the next attempt would buy it again. */
export async function recorded(write: () => Promise<void>): Promise<void> {
  for (const pauseMs of [200, 1_000]) {
    try {
      return await write()
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
  await write()
}
