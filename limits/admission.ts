import type { Kysely } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { Gate } from './gate.ts'
import { countedTokens, hasSharedLimit, requestPace } from './pace.ts'
import { reserve } from './rate-rows.ts'
import type { Waits } from './waits.ts'

/** Longer than this nobody waits in a worker's slot. */
export const MAX_WAIT_MS = 30_000

export type Admission =
  /** The next in line may begin; `tokens` were taken for it, and a request if there is an `at`. */
  | { readonly kind: 'now'; readonly tokens: number; readonly at?: number }
  | { readonly kind: 'later'; readonly waitMs: number; readonly why: string }

export interface AdmissionOptions {
  readonly db: Kysely<Database>
  readonly waits: Waits
  now(): number
  onError(error: unknown): void
}

const NOW: Admission = { kind: 'now', tokens: 0 }

/** Whether anything but a free slot is needed. */
export const isPaced = (gate: Gate, now: number): boolean =>
  gate.pausedUntil > now || hasSharedLimit(gate.limits)

/**
 * Waits until the account may be called once more. The time belongs to the process, not to whoever was
 * next when it was reserved: somebody else may have the turn by then, or the one who waited be gone.
 */
export async function admission(gate: Gate, options: AdmissionOptions): Promise<Admission> {
  const paused = await outlastPause(gate, options)
  if (paused || !hasSharedLimit(gate.limits)) return paused ?? NOW
  const { limits } = gate
  const tokens = countedTokens(gate.queue.peek()?.ticket.tokens ?? 0, limits)
  const { isGranted, waitMs, at } = await reserveTime(gate, tokens, options)
  if (!isGranted) return { kind: 'later', waitMs, why: 'its rate limit is used up' }
  if (waitMs > 0) await options.waits.sleep(waitMs)
  return (await outlastPause(gate, options)) ?? { kind: 'now', tokens, at }
}

async function outlastPause(
  gate: Gate,
  { waits, now }: AdmissionOptions,
): Promise<Admission | undefined> {
  for (;;) {
    const waitMs = gate.pausedUntil - now()
    if (waitMs <= 0 || waits.hasEnded) return undefined
    if (waitMs > MAX_WAIT_MS) return { kind: 'later', waitMs, why: 'it asked us to wait' }
    await waits.sleep(waitMs)
  }
}

/** Without Postgres the process keeps the pace of requests for itself. */
async function reserveTime(gate: Gate, tokens: number, { db, now, onError }: AdmissionOptions) {
  const { key, limits } = gate
  try {
    return await reserve(db, key, { limits, tokens, maxAheadMs: MAX_WAIT_MS })
  } catch (error) {
    onError(error)
    const at = Math.max(now(), gate.freeAt)
    const isGranted = at - now() <= MAX_WAIT_MS
    if (isGranted) gate.freeAt = at + requestPace(limits).everyMs
    return { isGranted, waitMs: at - now(), at: undefined }
  }
}
