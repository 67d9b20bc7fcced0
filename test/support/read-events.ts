/** One server-sent event as it came, comments excluded. */
export interface SentEvent {
  readonly event: string
  readonly id: string | undefined
  readonly data: Record<string, unknown>
}

/** Reads an event stream; `comments` counts heartbeats. Ends with the stream. */
export async function* readEvents(
  response: Response,
  comments: string[] = [],
): AsyncGenerator<SentEvent> {
  if (!response.body) throw new Error('The response has no body.')
  let rest = ''
  for await (const bytes of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + bytes).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      if (block.startsWith(':')) comments.push(block.slice(1).trim())
      else yield parseEvent(block)
    }
  }
}

/** All events of a stream, in order. */
export async function allEvents(response: Response): Promise<SentEvent[]> {
  const events: SentEvent[] = []
  for await (const event of readEvents(response)) events.push(event)
  return events
}

function parseEvent(block: string): SentEvent {
  const fields = new Map(
    block.split('\n').map((line) => {
      const colon = line.indexOf(': ')
      return [line.slice(0, colon), line.slice(colon + 2)] as const
    }),
  )
  return {
    event: fields.get('event') ?? 'message',
    id: fields.get('id'),
    data: JSON.parse(fields.get('data') ?? 'null'),
  }
}
