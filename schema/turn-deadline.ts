import { z } from 'zod'

/** What `settings.turnDeadlineMs` of a character may be. */
export const MIN_DEADLINE_MS = 1_000
export const MAX_DEADLINE_MS = 24 * 3_600_000

const error = `whole milliseconds from ${MIN_DEADLINE_MS} to ${MAX_DEADLINE_MS}`

/** How long a turn of the agent may take, waiting in the queue included. */
export const turnDeadline = z
  .int({ error })
  .min(MIN_DEADLINE_MS, { error })
  .max(MAX_DEADLINE_MS, { error })
