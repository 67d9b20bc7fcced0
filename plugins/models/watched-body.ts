export interface BodyWatch {
  readonly maxBytes: number
  /** Of the end of the body: what is kept of it for `onEnd`. */
  readonly keep: number
  /** Called before the reader sees the end. */
  onEnd(tail: Uint8Array, isWhole: boolean): void
  onError(error: unknown): void
  endless(): Error
}

/** Answers with these have no body. */
const WITHOUT_BODY: readonly number[] = [101, 204, 205, 304]

/** The same answer, whose body is looked at while it is read, and ends with an error when it is too long. */
export function watchedBody(response: Response, watch: BodyWatch): Response {
  const { body, status, statusText, headers, url, redirected } = response
  if (body === null || WITHOUT_BODY.includes(status)) return response
  const watched = new Response(watchedStream(body, watch), { status, statusText, headers })
  // A constructor takes neither.
  Object.defineProperties(watched, { url: { value: url }, redirected: { value: redirected } })
  return watched
}

function watchedStream(body: ReadableStream<Uint8Array>, watch: BodyWatch) {
  const reader = body.getReader()
  const tail = keepTail(watch.keep)
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (done) {
          watch.onEnd(tail.bytes(), tail.isWhole())
          return controller.close()
        }
        tail.push(value)
        if (tail.length() > watch.maxBytes) throw watch.endless()
        controller.enqueue(value)
      } catch (error) {
        watch.onError(error)
        controller.error(error)
        reader.cancel(error).catch(() => undefined) // the reader hears of it already
      }
    },
    cancel: (reason) => reader.cancel(reason),
  })
}

function keepTail(keep: number) {
  let pieces: Uint8Array[] = []
  let kept = 0
  let length = 0
  return {
    push(piece: Uint8Array) {
      length += piece.length
      kept += piece.length
      pieces.push(piece)
      while (pieces[0] && kept - pieces[0].length >= keep) kept -= pieces.shift()?.length ?? 0
    },
    length: () => length,
    isWhole: () => kept === length,
    bytes() {
      const bytes = Buffer.concat(pieces)
      pieces = [] // it is asked for once
      return bytes
    },
  }
}
