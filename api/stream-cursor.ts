import type { StreamPosition } from '../streams/turn-stream.ts'

/** Where a reader is in each of its turns; undefined: nothing of that turn was seen. */
export type StreamCursor = readonly (StreamPosition | undefined)[]

/**
 * The id of an event: one `gen.attempt.seq` per turn of the request, in the order of its `turns[]`,
 * joined by commas, `-` for a turn of which nothing was seen. With one agent it is `gen.attempt.seq`.
 */
export const formatCursor = (cursor: StreamCursor): string =>
  cursor.map((position) => (position ? formatPosition(position) : '-')).join(',')

/** Reads a `Last-Event-ID`; undefined when it is not the id of a stream of `turnCount` turns. */
export function parseCursor(text: string, turnCount: number): StreamCursor | undefined {
  const parts = text.split(',')
  if (parts.length !== turnCount) return undefined
  const cursor = parts.map((part) => (part === '-' ? undefined : parsePosition(part)))
  const isOurs = cursor.every((position, index) => position || parts[index] === '-')
  return isOurs ? cursor : undefined
}

const formatPosition = ({ gen, attempt, seq }: StreamPosition): string => `${gen}.${attempt}.${seq}`

function parsePosition(text: string): StreamPosition | undefined {
  const match = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})$/.exec(text)
  if (!match) return undefined
  const [gen = 0, attempt = 0, seq = 0] = match.slice(1).map(Number)
  return { gen, attempt, seq }
}
