import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { ConflictError } from '../agent/errors.ts'

export interface HttpServer {
  /** With the port that was taken. */
  readonly url: string
  readonly port: number
  /** Waits for running requests, at most `drainMs`. */
  close(drainMs: number): Promise<void>
}

export interface ListenOptions {
  readonly host: string
  readonly port: number
  /** Whether the person chose the port: a taken one is then an error, else the next free one is used. */
  readonly isPortExplicit: boolean
}

/** ElizaOS tries as many. */
const MAX_PORTS = 10

/** At shutdown, between two looks for connections that have had their answer. */
const IDLE_LOOK_MS = 50

type Fetch = Parameters<typeof createAdaptorServer>[0]['fetch']

export async function listen(fetch: Fetch, options: ListenOptions): Promise<HttpServer> {
  const server = createAdaptorServer({ fetch }) as Server // without `createServer` it is Node's own
  // A reply may take as long as its turn: the API's own limits decide, not the socket's.
  server.requestTimeout = 0
  server.timeout = 0
  const port = await bind(server, options)
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  return {
    url: `http://${host === '0.0.0.0' || host === '[::]' ? '127.0.0.1' : host}:${port}`,
    port,
    close: (drainMs) => close(server, drainMs),
  }
}

async function bind(
  server: Server,
  { host, port, isPortExplicit }: ListenOptions,
): Promise<number> {
  const tries = isPortExplicit || port === 0 ? 1 : MAX_PORTS
  for (let offset = 0; offset < tries; offset += 1) {
    const taken = await tryBind(server, host, port + offset)
    if (taken !== undefined) return taken
  }
  const range = tries === 1 ? `The port ${port}` : `Every port from ${port} to ${port + tries - 1}`
  throw new ConflictError(
    `${range} of '${host}' is in use. Choose another one with --port or SERVER_PORT.`,
  )
}

function tryBind(server: Server, host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else reject(error)
    }
    server.once('error', onError)
    server.listen(port, host, () => {
      server.off('error', onError)
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })
}

async function close(server: Server, drainMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  // A client keeps its connection after the answer: it would hold up the end for seconds.
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_LOOK_MS)
  const timer = setTimeout(() => server.closeAllConnections(), drainMs)
  await closed
  clearInterval(idle)
  clearTimeout(timer)
}
