import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'

/** A proxy in front of Postgres that writes down every round trip a client asks for. */
export interface RoundTrips {
  /** The database's address, through the proxy. */
  readonly url: string
  /** The statements so far, each one round trip: text of a query or of the prepared statement. */
  statements(): readonly string[]
  reset(): void
  close(): Promise<void>
}

const QUERY = 'Q'.charCodeAt(0)
const PARSE = 'P'.charCodeAt(0)
const SYNC = 'S'.charCodeAt(0)

export async function countRoundTrips(postgresUrl: string): Promise<RoundTrips> {
  const target = new URL(postgresUrl)
  let seen: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    const read = createReader((statement) => seen.push(statement))
    client.on('data', read)
    client.pipe(upstream)
    upstream.pipe(client)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
        sockets.delete(socket)
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(postgresUrl)
  url.port = String((server.address() as AddressInfo).port) // a TCP server's address is never a string
  return {
    url: url.href,
    statements: () => seen,
    reset: () => {
      seen = []
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

/** Reads what a client sends: a start-up message without a type, then typed ones with a length. */
function createReader(onStatement: (statement: string) => void): (bytes: Buffer) => void {
  let buffer = Buffer.alloc(0)
  let hasStarted = false
  let parsed = ''
  return (bytes) => {
    buffer = Buffer.concat([buffer, bytes])
    for (;;) {
      const head = hasStarted ? 1 : 0
      if (buffer.length < head + 4) return
      const length = buffer.readInt32BE(head) + head
      if (buffer.length < length) return
      const [type, body] = [buffer[0], buffer.subarray(head + 4, length)]
      if (hasStarted && type === PARSE) parsed = textAfter(body, body.indexOf(0) + 1)
      if (hasStarted && type === QUERY) onStatement(textAfter(body, 0))
      if (hasStarted && type === SYNC) onStatement(parsed)
      hasStarted ||= length > 8 // an 8-byte message asks for TLS, and the start-up comes again
      buffer = buffer.subarray(length)
    }
  }
}

const textAfter = (body: Buffer, start: number) =>
  body.toString('utf8', start, body.indexOf(0, start))
