import { z } from 'zod'
import { OVERLAP_POLICIES, type Overlap } from './turn.ts'

/** How long a `merge` turn waits for the sender's next message, unless it is said. */
export const DEFAULT_BURST_MS = 600
const MAX_BURST_MS = 60_000

export const DEFAULT_OVERLAP: Overlap = { policy: 'enqueue', burstMs: DEFAULT_BURST_MS }

export const OVERLAP_EXPECTED = `one of ${OVERLAP_POLICIES.join(', ')}, or {policy, burstMs (0 to ${MAX_BURST_MS})}`

const policy = z.enum(OVERLAP_POLICIES, {
  error: `must be one of ${OVERLAP_POLICIES.join(', ')}`,
})

/** `"merge"`, or `{"policy": "merge", "burstMs": 600}`: in settings, metadata and requests. */
export const overlapSchema = z
  .union(
    [policy, z.strictObject({ policy, burstMs: z.int().min(0).max(MAX_BURST_MS).optional() })],
    {
      error: () => `must be ${OVERLAP_EXPECTED}`,
    },
  )
  .transform((given): Overlap => {
    const { policy, burstMs = DEFAULT_BURST_MS } =
      typeof given === 'string' ? { policy: given } : given
    return { policy, burstMs }
  })

/** The same, left as it was written: in a character. */
export const overlapSetting = z.custom<string | { policy: string }>(
  (given) => overlapSchema.safeParse(given).success,
  { error: OVERLAP_EXPECTED },
)

/** Undefined when nothing is set, or what is set cannot be read: a stored setting stops no message. */
export function readOverlap(given: unknown): Overlap | undefined {
  if (given === undefined || given === null) return undefined
  return overlapSchema.safeParse(given).data
}
