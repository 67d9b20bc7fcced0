import type { TurnState } from '../schema/turn.ts'

/** Where a reader is: order is generation, then attempt, then seq. Written `gen.attempt.seq`. */
export interface StreamPosition {
  readonly gen: number
  readonly attempt: number
  readonly seq: number
}

/**
 * What happens in a turn while one looks. `chunk`: text the person may see, `seq` from 0 within its
 * attempt, without gaps; `settled`: the turn ended, read its row. A `settled` event carries the
 * attempt and the seq after the last chunk; a publisher that does not know them gives `seq` 0, and
 * readers then do not wait for chunks that are still on their way.
 */
export type StreamEvent =
  | (StreamPosition & { readonly kind: 'chunk'; readonly text: string })
  | (StreamPosition & { readonly kind: 'settled'; readonly state: TurnState })

/**
 * What a reader gets: the events, and `restart` when a newer attempt begins after chunks were seen.
 * A `restart` carries the position the reader had reached, in the older attempt: whoever resumes
 * behind it gets the restart again, and no chunk of the new attempt is skipped.
 */
export type StreamItem = StreamEvent | (StreamPosition & { readonly kind: 'restart' })

export interface SubscribeOptions {
  /**
   * Resume behind this position. If a newer attempt speaks by then, `restart` comes first. Attempt 0
   * says that nothing of the generation was seen: no restart, and nothing of older generations, not
   * even their `settled` (for a turn that was taken up again).
   */
  readonly after?: StreamPosition
  /** Ends the iteration. Also frees what the reader holds, so abort it when nobody reads any more. */
  readonly signal: AbortSignal
}

/**
 * Carries the text of running turns to whoever looks. Best effort: the turns row is the truth, and a
 * reader that waits for an ending also looks there. Never part of a transaction of accept or settle.
 * Text that no longer fits a buffer is missing in front: the first seq a reader sees tells.
 */
export interface TurnStream {
  /**
   * Does not throw and does not wait. Dropped: chunks of an attempt older than the newest, chunks
   * that are not behind the last one of their attempt, and whatever follows `settled` in its
   * generation.
   */
  publish(turnId: string, event: StreamEvent): void
  /**
   * From the beginning of the newest attempt (or behind `after`), then live. Ends after `settled`,
   * when `signal` is aborted or when the stream is closed.
   */
  subscribe(turnId: string, options: SubscribeOptions): AsyncIterable<StreamItem>
  close(): Promise<void>
}

type Attempt = Pick<StreamPosition, 'gen' | 'attempt'>

/** Positive when `a` belongs to a later attempt than `b`. */
export const compareAttempts = (a: Attempt, b: Attempt): number =>
  a.gen - b.gen || a.attempt - b.attempt

export const formatPosition = ({ gen, attempt, seq }: StreamPosition): string =>
  `${gen}.${attempt}.${seq}`

/** Reads a `Last-Event-ID`; undefined when it is not one of ours. */
export function parsePosition(text: string): StreamPosition | undefined {
  const match = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})$/.exec(text)
  if (!match) return undefined
  const [gen, attempt, seq] = match.slice(1).map(Number)
  return { gen: gen ?? 0, attempt: attempt ?? 0, seq: seq ?? 0 }
}
