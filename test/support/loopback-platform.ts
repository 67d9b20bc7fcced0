import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  createLoopbackState,
  type LoopbackLimits,
  type LoopbackState,
  type Mishap,
  type PlatformAnswer,
  type PlatformCall,
  type RecordedCall,
  type Visible,
} from './loopback-state.ts'

/** A chat platform as a server, so that processes can be killed around it. */
export interface LoopbackPlatform {
  readonly url: string
  /** What a person sees, oldest first, after edits and deletes; placeholders included. */
  visible(channelId?: string): readonly Visible[]
  /** Every call in the order of arrival, those that showed nothing included. */
  calls(): readonly RecordedCall[]
  /** Goes wrong with the next call that it fits; several are used up in order. */
  mishap(mishap: Mishap): void
  close(): Promise<void>
}

/**
 * `POST /calls` performs a `PlatformCall`; `GET /own?channelId=&key=` finds a message by its tag. Other
 * processes use `POST /mishaps`, `GET /visible` and `GET /calls` for what the test itself has as functions.
 */
export async function startLoopbackPlatform(
  limits: LoopbackLimits = {},
): Promise<LoopbackPlatform> {
  const state = createLoopbackState(limits)
  const server = createServer((request, response) => {
    answer(state, request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a server that listens on TCP has one
  return {
    url: `http://127.0.0.1:${port}`,
    visible: state.visible,
    calls: () => state.calls,
    mishap: (mishap) => void state.mishaps.push(mishap),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(
  state: LoopbackState,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://platform')
  const channelId = url.searchParams.get('channelId') ?? undefined
  switch (`${request.method} ${url.pathname}`) {
    case 'POST /calls':
      return write(response, await state.perform((await bodyOf(request)) as PlatformCall)) // our own client's
    case 'GET /own': {
      const found = state.own(channelId ?? '', url.searchParams.get('key') ?? '')
      return json(response, 200, { id: found?.id ?? null })
    }
    case 'POST /mishaps':
      state.mishaps.push((await bodyOf(request)) as Mishap) // a test's
      return json(response, 200, {})
    case 'GET /visible':
      return json(response, 200, state.visible(channelId))
    case 'GET /calls':
      return json(response, 200, state.calls)
    case 'GET /health':
      return json(response, 200, {})
    default:
      return json(response, 404, {})
  }
}

const STATUS: Readonly<Record<Exclude<PlatformAnswer['kind'], 'cut'>, number>> = {
  ok: 200,
  refused: 403,
  'rate limited': 429,
  'not sent': 503,
}

function write(response: ServerResponse, answer: PlatformAnswer): void {
  if (answer.kind === 'cut') response.destroy()
  else json(response, STATUS[answer.kind], answer)
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return JSON.parse(text)
}
