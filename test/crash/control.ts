import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

/** A process stands at a point, and waits to hear what to do. */
export interface Hit {
  /** The process's name in its house. */
  readonly process: string
  readonly point: string
}

/** `lose`: whatever was done, its answer is lost. */
export type Instruction = 'go' | 'lose'

/** The runner's end of the failpoints of one house. */
export interface Control {
  readonly port: number
  /** Resolves once a worker has no step under way. */
  idle(process: string): Promise<void>
  close(): Promise<void>
}

/** What a process writes: that it is ready or idle, or where it stands. */
export type Line =
  | { readonly kind: 'ready'; readonly process: string; readonly url: string }
  | { readonly kind: 'idle'; readonly process: string }
  | { readonly kind: 'hit'; readonly process: string; readonly point: string; readonly id: number }

/** What the runner writes: the answer to a hit, or a question. */
export type Order =
  | { readonly kind: 'answer'; readonly id: number; readonly does: Instruction }
  | { readonly kind: 'say when idle' }

export interface ControlHandlers {
  onReady(process: string, url: string): void
  onHit(hit: Hit): Promise<Instruction>
}

/**
 * Failpoints ask here instead of knowing what is armed: so each fires once, whatever restarts, and
 * the process stands exactly at its await while the fault happens.
 */
export async function startControl({ onReady, onHit }: ControlHandlers): Promise<Control> {
  const sockets = new Set<Socket>()
  const socketOf = new Map<string, Socket>()
  const waiting = new Map<string, () => void>()
  const order = (socket: Socket, what: Order) => {
    if (!socket.destroyed) socket.write(`${JSON.stringify(what)}\n`)
  }
  const hear = (socket: Socket, line: Line) => {
    if (line.kind === 'idle') return waiting.get(line.process)?.()
    if (line.kind === 'ready') {
      socketOf.set(line.process, socket)
      return onReady(line.process, line.url)
    }
    const { process, point, id } = line
    void onHit({ process, point }).then((does) => order(socket, { kind: 'answer', id, does }))
  }
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy()) // it was killed
    createInterface({ input: socket })
      .on('error', () => undefined)
      .on('line', (text) => hear(socket, JSON.parse(text) as Line)) // of failpoints.ts
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No TCP port was given.')
  return {
    port: address.port,
    idle(process) {
      const socket = socketOf.get(process)
      if (!socket) return Promise.reject(new Error(`'${process}' is not here.`))
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.set(process, resolve)
      order(socket, { kind: 'say when idle' })
      return promise
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
