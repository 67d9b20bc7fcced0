import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Dedup } from '../../agent/connector.ts'
import { createLoopbackState, type LoopbackState } from '../support/loopback-state.ts'
import type { Hit, Instruction } from './control.ts'
import type { Effect, Shown } from './evidence.ts'

/** What processes call the platform, by what it can tell a repeated message by. */
export const PLATFORMS = {
  nonce: 'loopback',
  lookup: 'loopback-lookup',
  reserve: 'loopback-reserve',
  none: 'loopback-none',
} as const satisfies Record<Dedup, string>

const sendCall = z.looseObject({
  op: z.enum(['create', 'reserve', 'edit', 'delete', 'typing']),
  channelId: z.string(),
  key: z.string(),
})
const effectCall = z.object({
  kind: z.enum(['once', 'idempotent']),
  key: z.string(),
  turnId: z.string(),
})
export type EffectCall = z.infer<typeof effectCall>

/** The outside world of one house: a chat platform, and a service with effects that can be counted. */
export interface Platform {
  /** Its own for each process, so that a call tells who makes it. */
  urlFor(process: string): string
  visible(channelId: string): readonly Shown[]
  readonly effects: readonly Effect[]
  close(): Promise<void>
}

/** Called when the world has changed and the caller has not heard of it; `lose` breaks the connection. */
export type OnDone = (hit: Hit) => Promise<Instruction>

export async function startPlatform(onDone: OnDone): Promise<Platform> {
  const state = createLoopbackState({})
  const effects: { kind: EffectCall['kind']; turnId: string; key: string; calls: number }[] = []
  const apply = (call: EffectCall) => {
    const known = effects.find((effect) => effect.key === call.key)
    if (known) known.calls += 1
    else effects.push({ ...call, calls: 1 })
  }
  const server = createServer((request, response) => {
    answer(request, response, { state, apply, onDone }).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No TCP port was given.')
  return {
    urlFor: (process) => `http://127.0.0.1:${address.port}/${process}`,
    visible: (channelId) => state.visible(channelId).map((m) => ({ ...m, ...outboxRowOf(m.key) })),
    effects,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

interface World {
  readonly state: LoopbackState
  readonly onDone: OnDone
  apply(call: EffectCall): void
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { state, apply, onDone }: World,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://platform')
  const [, process = '', what] = url.pathname.split('/')
  if (what === 'own') {
    const { searchParams: asked } = url
    const found = state.own(asked.get('channelId') ?? '', asked.get('key') ?? '')
    return void response.end(JSON.stringify({ id: found?.id ?? null }))
  }
  const body: unknown = JSON.parse(await textOf(request))
  if (what === 'effects') {
    const call = effectCall.parse(body)
    apply(call)
    return write(response, '{}', await onDone({ process, point: `${call.kind} effect:done` }))
  }
  const done = await state.perform(sendCall.parse(body))
  write(response, JSON.stringify(done), await onDone({ process, point: 'send:shown' }))
}

function write(response: ServerResponse, body: string, does: Instruction): void {
  if (does === 'lose') response.destroy()
  else response.end(body)
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

/** What `sendKey` made the key of. Another key is its own row, which no database has. */
function outboxRowOf(key: string): Pick<Shown, 'rowId' | 'part'> {
  const [, id = '', part = ''] = /^(.{22})-(\w+)$/.exec(key) ?? []
  const hex = Buffer.from(id, 'base64url').toString('hex')
  const rowId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return rowId === '' ? { rowId: key, part: 0 } : { rowId, part: Number.parseInt(part, 36) }
}
