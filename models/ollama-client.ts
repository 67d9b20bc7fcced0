import { Ollama } from 'ollama'
import { ollamaRefusal } from './ollama-error.ts'
import type { VendorEndpoint } from './vendor-endpoint.ts'
import { FailedRequestError, vendorFetch } from './vendor-fetch.ts'

/**
 * A client for one call: its own `abort` ends all calls of a client, and ends them only as streams.
 * This one's requests end with `signal`.
 *
 * @param maxBytes of one answer. A line may be as long: a call of a tool comes in one piece.
 */
export function ollamaClient(
  { url, apiKey }: VendorEndpoint,
  signal: AbortSignal,
  maxBytes: number,
): Ollama {
  const ask = vendorFetch({
    maxBytes,
    mediaType: (address) =>
      address.endsWith('/api/chat') ? 'application/x-ndjson' : 'application/json',
    refusal: ollamaRefusal,
    prepare: (init) => ({ ...init, signal, headers: headersOf(init, apiKey) }),
  })
  return new Ollama({
    host: url,
    fetch: async (input, init) => {
      const response = await ask(input, init)
      const isStream = response.headers.get('content-type')?.startsWith('application/x-ndjson')
      return isStream && response.body
        ? new Response(ReadableStream.from(wholeLines(response.body)))
        : response
    },
  })
}

/** The client takes a key from the environment when the address is Ollama's own; this is not its business. */
function headersOf({ headers }: RequestInit, apiKey: string | undefined): Headers {
  const own = new Headers(headers)
  own.delete('authorization')
  if (apiKey !== undefined) own.set('authorization', `Bearer ${apiKey}`)
  return own
}

/**
 * The stream, line by line, as long as each is JSON: what is none, the client prints on the console and
 * goes on. An error in a line leaves as what it is; the client would make a nameless one of it. What came
 * before it is handed out first, as nothing is read ahead.
 *
 * @throws {FailedRequestError}
 */
async function* wholeLines(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder()
  const encoder = new TextEncoder()
  let rest = ''
  for await (const part of body) {
    const lines = (rest + decoder.decode(part, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield encoder.encode(checked(line))
  }
  yield encoder.encode(checked(rest + decoder.decode()))
}

/** @throws {FailedRequestError} */
function checked(line: string): string {
  if (line.trim() === '') return ''
  const value = parsed(line)
  if (typeof value !== 'object' || value === null) {
    throw new FailedRequestError({ kind: 'broken-off' })
  }
  if ('error' in value) throw new FailedRequestError({ kind: 'refusal', ...ollamaRefusal(line) })
  return `${line}\n`
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
