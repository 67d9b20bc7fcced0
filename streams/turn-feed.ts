import type { StreamRow } from './postgres-rows.ts'
import { compareAttempts, type StreamPosition } from './turn-stream.ts'

/**
 * How long a hole in the seqs is waited for. It closes when the ending, written by another process,
 * overtook the last batch (50 ms); it stays when a batch was lost.
 */
const GAP_MS = 150
/** Timers may fire a little early. */
const MARGIN_MS = 10

/** How far this process has read the rows of a turn. */
export interface TurnFeed {
  readers: number
  /** Key of the last row that was taken. */
  reached: StreamPosition
  /** Where the next chunk belongs if nothing is missing. */
  next: StreamPosition
  /** When a hole may be skipped, in milliseconds of `performance.now()`. */
  skipAt: number | undefined
}

export const openFeed = (): TurnFeed => ({
  readers: 0,
  reached: { gen: 0, attempt: 0, seq: -1 },
  next: { gen: 0, attempt: 0, seq: 0 },
  skipAt: undefined,
})

interface Taken {
  readonly taken: readonly StreamRow[]
  /** Set when a hole was found: what is behind it stays for that read. */
  readonly rereadInMs?: number
}

/** Moves the feed over the rows (all behind `reached`, in order), up to the first hole. */
export function takeRows(feed: TurnFeed, rows: readonly StreamRow[], now: number): Taken {
  const taken: StreamRow[] = []
  for (const row of ofNewestAttempt(rows)) {
    if (isMissingBefore(row, feed.next) && (feed.skipAt === undefined || now < feed.skipAt)) {
      const isNew = feed.skipAt === undefined
      feed.skipAt ??= now + GAP_MS
      return isNew ? { taken, rereadInMs: GAP_MS + MARGIN_MS } : { taken }
    }
    feed.skipAt = undefined
    feed.reached = row
    feed.next = behind(row)
    taken.push(row)
  }
  return { taken }
}

/** The newest attempt that spoke, and the ending of its generation. */
function ofNewestAttempt(rows: readonly StreamRow[]): StreamRow[] {
  const ofGen = rows.filter(({ gen }) => gen === rows.at(-1)?.gen)
  const attempt = ofGen.findLast(({ event }) => event.kind === 'chunks')?.attempt
  return ofGen.filter((row) => row.event.kind === 'settled' || row.attempt === attempt)
}

function isMissingBefore({ event, ...key }: StreamRow, next: StreamPosition): boolean {
  const start = event.kind === 'settled' ? event.at : key
  const order = compareAttempts(start, next)
  return order > 0 ? start.seq > 0 : order === 0 && start.seq > next.seq
}

function behind({ gen, attempt, seq, event }: StreamRow): StreamPosition {
  return event.kind === 'settled' ? event.at : { gen, attempt, seq: seq + event.texts.length }
}
