/** A body went on after its limit. */
export class EndlessBodyError extends Error {
  override readonly name = 'EndlessBodyError'

  constructor(maxBytes: number) {
    super(`The answer has more than ${maxBytes} bytes.`)
  }
}

/**
 * A `fetch` for a vendor's client that follows no redirect, and whose bodies are bounded.
 *
 * Not followed: a redirect by 307 takes the prompt to another host, and some headers with keys, too.
 */
export function boundedFetch(maxBytes: number): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, redirect: 'manual' })
    return boundedResponse(response, maxBytes, () => new EndlessBodyError(maxBytes))
  }
}

/**
 * The same answer, whose body ends with an error after `maxBytes`: clients read a document, and a line of
 * a stream, to its end, and would fill the memory of every turn's process.
 */
export function boundedResponse(
  response: Response,
  maxBytes: number,
  endless: () => Error,
): Response {
  const { body, status, statusText, headers } = response
  if (body === null) return response
  return new Response(body.pipeThrough(bound(maxBytes, endless)), { status, statusText, headers })
}

function bound(maxBytes: number, endless: () => Error): TransformStream<Uint8Array, Uint8Array> {
  let size = 0
  return new TransformStream({
    transform(piece, controller) {
      size += piece.length
      if (size > maxBytes) controller.error(endless())
      else controller.enqueue(piece)
    },
  })
}
