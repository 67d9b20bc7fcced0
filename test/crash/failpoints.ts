import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import type { Instruction, Line, Order } from './control.ts'

/** Of one process: stands at a point until the runner lets it go. */
export interface Failpoints {
  at(point: string): Promise<Instruction>
  ready(url: string): void
  /** How the process tells that no step is under way. */
  idle: (() => Promise<void>) | undefined
}

/** Connects to the runner. When the runner is gone, this process has no reason to be. */
export async function connectFailpoints(port: number, process: string): Promise<Failpoints> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const waiting = new Map<number, (does: Instruction) => void>()
  let ids = 0
  socket.on('error', () => undefined)
  socket.on('close', () => globalThis.process.exit(3))
  const send = (line: Line) => void socket.write(`${JSON.stringify(line)}\n`)
  const failpoints: Failpoints = {
    idle: undefined,
    ready: (url) => send({ kind: 'ready', process, url }),
    at: (point) =>
      new Promise((resolve) => {
        ids += 1
        waiting.set(ids, resolve)
        send({ kind: 'hit', process, point, id: ids })
      }),
  }
  createInterface({ input: socket }).on('line', (text) => {
    const order = JSON.parse(text) as Order // of control.ts
    if (order.kind === 'answer') {
      waiting.get(order.id)?.(order.does)
      waiting.delete(order.id)
    } else {
      void failpoints.idle?.().then(() => send({ kind: 'idle', process }))
    }
  })
  return failpoints
}

type Call<Args extends unknown[], Result> = (...args: Args) => Promise<Result>

/**
 * The call with a point before and one after it.
 * @param lost what a caller gets whose answer is lost: before the call it was not made either
 */
export const around =
  (failpoints: Pick<Failpoints, 'at'>, lost: (what: string) => Error) =>
  <Args extends unknown[], Result>(name: string, call: Call<Args, Result>): Call<Args, Result> =>
  async (...args) => {
    if ((await failpoints.at(`${name}:before`)) === 'lose') throw lost(name)
    const result = await call(...args)
    if ((await failpoints.at(`${name}:after`)) === 'lose') throw lost(name)
    return result
  }
