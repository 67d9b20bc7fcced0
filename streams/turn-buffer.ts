import {
  compareAttempts,
  type StreamEvent,
  type StreamItem,
  type StreamPosition,
} from './turn-stream.ts'

type Chunk = Extract<StreamEvent, { kind: 'chunk' }>
type Settled = Extract<StreamEvent, { kind: 'settled' }>

/** Many tiny chunks cost more than their text; 200 KB in pieces of four letters still fit. */
const MAX_CHUNKS = 65_536

/** What is kept of one turn: the newest attempt's chunks, in order, and its ending. */
export interface TurnBuffer {
  gen: number
  attempt: number
  chunks: Chunk[]
  /** UTF-8 bytes of the chunks' text. */
  bytes: number
  settled: Settled | undefined
}

export const emptyBuffer = (): TurnBuffer => ({
  gen: 0,
  attempt: 0,
  chunks: [],
  bytes: 0,
  settled: undefined,
})

/** Adds an event that is news; false when it is a repeat, too late, or of an older attempt. */
export function append(buffer: TurnBuffer, event: StreamEvent, maxBytes: number): boolean {
  if (buffer.settled && event.gen <= buffer.settled.gen) return false
  if (event.gen < buffer.gen) return false
  if (compareAttempts(event, buffer) > 0) begin(buffer, event)
  if (event.kind === 'settled') {
    buffer.settled = event
    return true
  }
  const last = buffer.chunks.at(-1)
  if (event.attempt < buffer.attempt || (last && event.seq <= last.seq)) return false
  buffer.chunks.push(event)
  buffer.bytes += Buffer.byteLength(event.text)
  dropOldest(buffer, maxBytes)
  return true
}

function begin(buffer: TurnBuffer, { gen, attempt }: StreamEvent): void {
  Object.assign(buffer, { ...emptyBuffer(), gen, attempt })
}

/** The newest chunk stays whatever its size, so that whoever reads along gets everything. */
function dropOldest(buffer: TurnBuffer, maxBytes: number): void {
  while (
    buffer.chunks.length > 1 &&
    (buffer.bytes > maxBytes || buffer.chunks.length > MAX_CHUNKS)
  ) {
    buffer.bytes -= Buffer.byteLength(buffer.chunks.shift()?.text ?? '')
  }
}

/**
 * What comes next for a reader that has reached a position; undefined when there is nothing yet. A
 * seq of -1 means that nothing of the attempt was seen, so leaving it is no restart.
 */
export function nextItem(
  buffer: TurnBuffer,
  reached: StreamPosition | undefined,
): StreamItem | undefined {
  const ahead = reached ? compareAttempts(buffer, reached) : 1
  if (reached && ahead > 0 && reached.attempt > 0 && reached.seq >= 0) {
    return { kind: 'restart', gen: reached.gen, attempt: reached.attempt, seq: reached.seq }
  }
  const chunk = ahead < 0 ? undefined : chunkBehind(buffer.chunks, ahead > 0 ? -1 : reached?.seq)
  if (chunk) return chunk
  return buffer.settled && buffer.settled.gen >= (reached?.gen ?? 0) ? buffer.settled : undefined
}

/** By bisection, so that a reader needs no more than its position, however the buffer moves. */
function chunkBehind(chunks: readonly Chunk[], seq = -1): Chunk | undefined {
  let low = 0
  let high = chunks.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((chunks[middle]?.seq ?? 0) > seq) high = middle
    else low = middle + 1
  }
  return chunks[low]
}
