/** A body went on after its limit. */
export class EndlessBodyError extends Error {
  override readonly name = 'EndlessBodyError'

  constructor(maxBytes: number) {
    super(`The answer has more than ${maxBytes} bytes.`)
  }
}

/**
 * A `fetch` for a vendor's client whose bodies end with an `EndlessBodyError` after `maxBytes`: clients
 * read a document, and a line of a stream, to its end, and would fill the memory of every turn's process.
 */
export function boundedFetch(maxBytes: number): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    if (response.body === null) return response
    const { status, statusText, headers } = response
    return new Response(response.body.pipeThrough(bound(maxBytes)), { status, statusText, headers })
  }
}

function bound(maxBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let size = 0
  return new TransformStream({
    transform(piece, controller) {
      size += piece.length
      if (size > maxBytes) controller.error(new EndlessBodyError(maxBytes))
      else controller.enqueue(piece)
    },
  })
}
