/** One event of a server-sent stream. */
export interface ServerEvent {
  /** `message` when the server names none. */
  readonly event: string
  readonly data: string
  /** The last id seen so far, for `Last-Event-ID`. */
  readonly id: string | undefined
}

/**
 * Reads a `text/event-stream`, however its bytes were cut. An event that was not finished when the
 * stream ended is dropped, as the standard says: the server will send it again after a resume.
 */
export async function* readEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  let fields: string[] = []
  let id: string | undefined
  for await (const line of readLines(bytes)) {
    if (line !== '') {
      fields.push(line)
      continue
    }
    const event = eventOf(fields, id)
    fields = []
    id = event.id
    if (event.data !== undefined) yield { ...event, data: event.data }
  }
}

function eventOf(lines: readonly string[], lastId: string | undefined) {
  const data: string[] = []
  let event = 'message'
  let id = lastId
  for (const line of lines) {
    const [name, value] = fieldOf(line)
    if (name === 'data') data.push(value)
    else if (name === 'event') event = value || event
    else if (name === 'id' && !value.includes('\0')) id = value
  }
  return { event, id, data: data.length > 0 ? data.join('\n') : undefined }
}

/** A comment begins with the colon, so its name is empty and means nothing. */
function fieldOf(line: string): [name: string, value: string] {
  const colon = line.indexOf(':')
  if (colon === -1) return [line, '']
  const value = line.slice(colon + 1)
  return [line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value]
}

/** Lines end in LF, CR LF or CR; a CR at the end of a piece may be half of a CR LF. */
async function* readLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder() // swallows a byte order mark at the start
  let rest = ''
  for await (const piece of bytes) {
    rest += decoder.decode(piece, { stream: true })
    const isHalf = rest.endsWith('\r')
    const lines = (isHalf ? rest.slice(0, -1) : rest).split(/\r\n|\n|\r/)
    rest = (lines.pop() ?? '') + (isHalf ? '\r' : '')
    yield* lines
  }
}
