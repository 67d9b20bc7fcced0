import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Hit, Instruction } from './control.ts'
import type { Effect, Shown } from './evidence.ts'

const sendCall = z.object({
  key: z.string(),
  channelId: z.string(),
  text: z.string(),
  /** Which process sends it. */
  process: z.string(),
})
const effectCall = z.object({
  kind: z.enum(['once', 'idempotent']),
  key: z.string(),
  turnId: z.string(),
  process: z.string(),
})
export type SendCall = z.infer<typeof sendCall>
export type EffectCall = z.infer<typeof effectCall>

/** The outside world of one house: a chat platform that knows its keys, and a service with effects. */
export interface Platform {
  readonly url: string
  readonly visible: readonly (Shown & { readonly at: number })[]
  readonly effects: readonly Effect[]
  close(): Promise<void>
}

/** Called when the world has changed and the caller has not heard of it; `lose` breaks the connection. */
export type OnDone = (hit: Hit) => Promise<Instruction>

export async function startPlatform(onDone: OnDone): Promise<Platform> {
  const visible: (Shown & { at: number })[] = []
  const effects: { kind: EffectCall['kind']; turnId: string; key: string; calls: number }[] = []
  const show = ({ key, channelId, text, process }: SendCall) => {
    if (!visible.some((shown) => shown.key === key))
      visible.push({ key, channelId, text, at: Date.now() })
    return onDone({ point: 'send:shown', process })
  }
  const apply = ({ process, ...call }: EffectCall) => {
    const known = effects.find((effect) => effect.key === call.key)
    if (known) known.calls += 1
    else effects.push({ ...call, calls: 1 })
    return onDone({ point: `${call.kind} effect:done`, process })
  }
  const server = createServer((request, response) => {
    answer(request, response, { show, apply }).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No TCP port was given.')
  return {
    ...{ url: `http://127.0.0.1:${address.port}`, visible, effects },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

interface World {
  show(call: SendCall): Promise<Instruction>
  apply(call: EffectCall): Promise<Instruction>
}

async function answer(request: IncomingMessage, response: ServerResponse, world: World) {
  const body: unknown = JSON.parse(await textOf(request))
  const does =
    request.url === '/effects'
      ? await world.apply(effectCall.parse(body))
      : await world.show(sendCall.parse(body))
  if (does === 'lose') return void response.destroy()
  response.end('{}')
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}
