import type { Server } from 'node:http'
import type { Http2SecureServer, Http2Server } from 'node:http2'
import { serve } from '@hono/node-server'
import { createApp } from '../../api/app.ts'
import type { ApiDeps } from '../../api/deps.ts'

export interface ServedApi {
  readonly url: string
  readonly port: number
  /** Breaks every connection; the server goes on. */
  cut(): void
  stop(): Promise<void>
}

export interface ServeOptions {
  /** @default any free one */
  readonly port?: number
  /** Accepts what it is asked, then breaks the connection instead of answering, while this is true. */
  readonly losesAnswer?: (request: Request) => boolean
}

/** The real API on a real port, on top of whatever ports it is given. */
export async function serveApi(deps: ApiDeps, { port = 0, losesAnswer }: ServeOptions = {}) {
  const app = createApp(deps)
  const { promise, resolve } = Promise.withResolvers<number>()
  const options = {
    port,
    hostname: '127.0.0.1',
    async fetch(request: Request, env: { incoming?: { socket: { destroy(): void } } }) {
      const isLost = losesAnswer?.(request) ?? false
      const response = await app.fetch(request, env)
      if (isLost) env.incoming?.socket.destroy()
      return response
    },
  }
  const server: Server | Http2Server | Http2SecureServer = serve(options, (info) =>
    resolve(info.port),
  )
  const taken = await promise
  const cut = () => ('closeAllConnections' in server ? server.closeAllConnections() : undefined)
  const stop = () =>
    new Promise<void>((done) => {
      server.close(() => done())
      cut()
    })
  return { url: `http://127.0.0.1:${taken}`, port: taken, cut, stop } satisfies ServedApi
}
