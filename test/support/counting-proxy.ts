import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Stands between a program and Postgres, and counts how often the program waits for an answer. */
export interface CountingProxy {
  readonly url: string
  /** The statement of each round trip since `reset`, in order. */
  trips(): readonly string[]
  reset(): void
  close(): Promise<void>
}

/** Header of every message but the first of a connection: its type and its length. */
const HEADER_BYTES = 5

export async function startCountingProxy(databaseUrl: string): Promise<CountingProxy> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let trips: string[] = []
  const server = createServer((inbound) => {
    const outbound = connect(Number(target.port), target.hostname)
    for (const [from, to] of [[inbound, outbound] as const, [outbound, inbound] as const]) {
      sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => sockets.delete(from) && to.destroy())
      from.pipe(to)
    }
    inbound.on(
      'data',
      createReader((statement) => trips.push(statement)),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = new URL(databaseUrl)
  if (address && typeof address === 'object') url.port = String(address.port)
  return {
    url: url.href,
    trips: () => trips,
    reset: () => {
      trips = []
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/**
 * Reads what a client sends: a simple query is a round trip, and so is a Sync, which ends what was
 * sent since the last one. Neither encryption nor COPY is expected.
 */
function createReader(onTrip: (statement: string) => void): (bytes: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  let isStarted = false
  let statement = ''
  return (bytes) => {
    rest = Buffer.concat([rest, bytes])
    for (;;) {
      const header = isStarted ? HEADER_BYTES : 4
      if (rest.length < header) return
      const length = rest.readInt32BE(header - 4) + header - 4
      if (rest.length < length) return
      const [type, body] = [
        isStarted ? rest.toString('latin1', 0, 1) : '',
        rest.subarray(header, length),
      ]
      rest = rest.subarray(length)
      isStarted = true
      // Parse: the statement's name, then its text.
      if (type === 'P') statement = textAt(body, body.indexOf(0) + 1)
      if (type === 'Q') onTrip(textAt(body, 0))
      if (type === 'S') onTrip(statement)
    }
  }
}

const textAt = (body: Buffer, start: number): string =>
  body.toString('utf8', start, body.indexOf(0, start)).replace(/\s+/g, ' ').trim()
