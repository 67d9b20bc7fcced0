import { readEvents, type SentEvent } from '../support/read-events.ts'
import { until } from './until.ts'

/** A client that reads an event stream while the test does something else. */
export interface Following {
  /** So far, in order. */
  readonly events: readonly SentEvent[]
  /** The pieces of text that were shown, and the names of all other events. */
  story(): unknown[]
  /** The text a terminal shows now: what came since the last restart. */
  shown(): string
  /** Waits for an event of this name. */
  next(event: string): Promise<SentEvent>
  /** Resolves when the server ends the stream. */
  readonly ended: Promise<void>
}

export function follow(response: Response): Following {
  if (response.status !== 200) throw new Error(`A stream was answered with ${response.status}.`)
  const events: SentEvent[] = []
  const read = async () => {
    for await (const event of readEvents(response)) events.push(event)
  }
  const ended = read()
  // Left unread when a test ends the server first.
  ended.catch(() => undefined)
  const next = (name: string) =>
    until(`the event '${name}' comes`, () => events.find(({ event }) => event === name))
  return {
    events,
    ended,
    next,
    story: () => events.map(({ event, data }) => data.chunk ?? event),
    shown: () => {
      const from = events.findLastIndex(({ event }) => event === 'restart') + 1
      return events
        .slice(from)
        .map(({ data }) => data.chunk ?? '')
        .join('')
    },
  }
}
