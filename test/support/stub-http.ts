import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { SeenRequest } from '../models/vendor-under-test.ts'

/** One request, and the means to answer it. */
export interface StubCall {
  readonly path: string
  readonly body: unknown
  readonly response: ServerResponse
  /** Aborted when the client has gone. */
  readonly gone: AbortSignal
  /** Destroys the socket: the end of the request is then no abort by the client. */
  breakOff(): void
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface Log {
  readonly entries: Mutable<SeenRequest>[]
  readonly watchers: Set<() => void>
}

export interface StubHttp {
  readonly origin: string
  requests(): readonly SeenRequest[]
  received(n: number): Promise<SeenRequest>
  ended(n: number): Promise<SeenRequest>
  close(): Promise<void>
}

/**
 * A server on 127.0.0.1 that writes down every request but those to `unseen` paths.
 * @param respond a rejection destroys the socket
 */
export async function startStubHttp(
  respond: (call: StubCall) => Promise<void>,
  unseen: readonly string[] = [],
): Promise<StubHttp> {
  const log: Log = { entries: [], watchers: new Set() }
  const server = createServer((request, response) => {
    serve(log, respond, unseen, request, response).catch((error) => response.destroy(error))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A TCP server's address is never a string.
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    requests: () => [...log.entries],
    received: (n) => until(log, n, () => true),
    ended: (n) => until(log, n, ({ state }) => state !== 'open'),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function serve(
  log: Log,
  respond: (call: StubCall) => Promise<void>,
  unseen: readonly string[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request)
  const path = request.url ?? '/'
  const entry: Mutable<SeenRequest> = { path, headers: request.headers, body, state: 'open' }
  const gone = new AbortController()
  let isBroken = false
  response.once('close', () => {
    entry.state = isBroken ? 'broken' : response.writableFinished ? 'answered' : 'aborted'
    gone.abort()
    announce(log)
  })
  if (!unseen.includes(path)) log.entries.push(entry)
  announce(log)
  const breakOff = () => {
    isBroken = true
    response.destroy()
  }
  await respond({ path, body, response, gone: gone.signal, breakOff })
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  const bytes = Buffer.concat(parts)
  const type = request.headers['content-type'] ?? ''
  if (type.startsWith('multipart/form-data')) return fieldsOf(bytes, type)
  return bytes.length === 0 ? undefined : JSON.parse(bytes.toString('utf8'))
}

async function fieldsOf(bytes: Buffer, type: string): Promise<unknown> {
  const form = await new Response(bytes, { headers: { 'content-type': type } }).formData()
  const fields = [...form].map(([name, value]) => {
    if (typeof value === 'string') return [name, value]
    return [name, { name: value.name, type: value.type, size: value.size }]
  })
  return Object.fromEntries(fields)
}

function announce({ watchers }: Log): void {
  for (const watcher of [...watchers]) watcher()
}

function until(
  { entries, watchers }: Log,
  n: number,
  isReached: (entry: SeenRequest) => boolean,
): Promise<SeenRequest> {
  return new Promise((resolve) => {
    const look = () => {
      const entry = entries[n - 1]
      if (!entry || !isReached(entry)) return
      watchers.delete(look)
      resolve(entry)
    }
    watchers.add(look)
    look()
  })
}
