import type { StreamItem, StreamPosition, TurnStream } from '../../streams/turn-stream.ts'

/** Beyond it a reader gives up with what it has, so that a missing item fails with a comparison. */
const DEADLINE_MS = 10_000

export interface ReadOptions {
  readonly after?: StreamPosition
  /** Stop after so many items. @default when the stream ends */
  readonly count?: number
}

/** Everything a reader gets, up to the end or the count. */
export async function read(
  stream: TurnStream,
  turnId: string,
  { after, count = Number.POSITIVE_INFINITY }: ReadOptions = {},
): Promise<StreamItem[]> {
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), DEADLINE_MS)
  const items: StreamItem[] = []
  try {
    for await (const item of stream.subscribe(turnId, { after, signal: deadline.signal })) {
      items.push(item)
      if (items.length === count) break
    }
  } finally {
    clearTimeout(timer)
  }
  return items
}

/** A reader that takes one item at a time; undefined when the stream has ended. */
export function reader(stream: TurnStream, turnId: string, signal: AbortSignal) {
  const items = stream.subscribe(turnId, { signal })[Symbol.asyncIterator]()
  return {
    async next(): Promise<StreamItem | undefined> {
      const { value, done } = await items.next()
      return done ? undefined : value
    },
  }
}

/** Items as short words: `1.2.0 text`, `1.2.3 settled`, `1.1.0 restart`. */
export const words = (items: readonly StreamItem[]): string[] => items.map(word)

export function word(item: StreamItem | undefined): string {
  if (!item) return 'end'
  const position = `${item.gen}.${item.attempt}.${item.seq}`
  return `${position} ${item.kind === 'chunk' ? item.text : item.kind}`
}

/** Polls until the check holds; throws the last failure after 10 s. */
export async function eventually(check: () => Promise<void> | void): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
