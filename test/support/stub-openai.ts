import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type Answer,
  type ChatBody,
  countTokens,
  defaultAnswer,
  promptText,
} from './stub-openai-answer.ts'
import { breakOff, type Progress, writeText } from './stub-openai-wire.ts'

export type { Answer, ChatBody, TextAnswer } from './stub-openai-answer.ts'
export { defaultAnswer, replyXml } from './stub-openai-answer.ts'

/** Chooses the answer to the `n`th chat request, counted from 1. */
export type StubScript = (body: ChatBody, n: number) => Answer

export interface RecordedRequest {
  readonly n: number
  /** Milliseconds since the epoch, when the whole body was here. */
  readonly receivedAt: number
  readonly body: ChatBody
  /** The header, or undefined. Keys of tests are no secrets. */
  readonly authorization: string | undefined
  readonly state: 'open' | 'answered' | 'aborted' | 'broken'
  /** What a vendor would charge: nothing for a refusal, all that was sent for an aborted answer. */
  readonly promptTokens: number
  readonly completionTokens: number
}

export interface Bill {
  readonly requests: number
  readonly promptTokens: number
  readonly completionTokens: number
}

export interface StubOpenai {
  /** With the version path: what `OPENAI_BASE_URL` is set to. */
  readonly url: string
  /** Chat requests in the order in which they arrived. */
  requests(): readonly RecordedRequest[]
  /** Over every request that was charged, aborted ones included. */
  bill(): Bill
  /** Resolves once the `n`th chat request (from 1) is here. */
  received(n: number): Promise<RecordedRequest>
  /** Resolves once the `n`th chat request has ended: answered, aborted by the client, or broken. */
  ended(n: number): Promise<RecordedRequest>
  close(): Promise<void>
}

interface Entry {
  readonly n: number
  readonly receivedAt: number
  readonly body: ChatBody
  /** The header, or undefined. Keys of tests are no secrets. */
  readonly authorization: string | undefined
  readonly isCharged: boolean
  readonly progress: Progress
  state: RecordedRequest['state']
}

interface Log {
  readonly entries: Entry[]
  readonly watchers: Set<() => void>
}

/** A vendor of models on 127.0.0.1 that speaks OpenAI's wire. `port` 0 takes a free one. */
export async function startStubOpenai(
  script: StubScript = defaultAnswer,
  port = 0,
): Promise<StubOpenai> {
  const log: Log = { entries: [], watchers: new Set() }
  const server = createServer((request, response) => {
    route(log, script, request, response).catch((error) => response.destroy(error))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  // A TCP server's address is never a string.
  const address = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    requests: () => log.entries.map(recorded),
    bill: () => billOf(log),
    received: (n) => until(log, n, () => true),
    ended: (n) => until(log, n, (entry) => entry.state !== 'open'),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function route(
  log: Log,
  script: StubScript,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://stub')
  if (pathname === '/v1/chat/completions' && request.method === 'POST') {
    return chat(log, script, request, response)
  }
  if (pathname === '/v1/models') {
    return sendJson(response, 200, { object: 'list', data: [{ id: 'stub', object: 'model' }] })
  }
  if (pathname === '/_requests') {
    return sendJson(response, 200, { bill: billOf(log), requests: log.entries.map(recorded) })
  }
  sendJson(response, 404, { error: { message: `Unknown path ${pathname}`, type: 'not_found' } })
}

async function chat(
  log: Log,
  script: StubScript,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request)
  const n = log.entries.length + 1
  const answer = script(body, n)
  const entry: Entry = {
    n,
    receivedAt: Date.now(),
    body,
    authorization: request.headers.authorization,
    isCharged: answer.kind === 'text' || answer.kind === 'hang',
    progress: { promptTokens: countTokens(promptText(body)), sent: '', isBroken: false },
    state: 'open',
  }
  const gone = new AbortController()
  response.once('close', () => {
    entry.state = endOf(entry.progress, response)
    gone.abort()
    announce(log)
  })
  log.entries.push(entry)
  announce(log)
  await respond(response, answer, entry, gone.signal)
}

function endOf(progress: Progress, response: ServerResponse): RecordedRequest['state'] {
  if (progress.isBroken) return 'broken'
  return response.writableFinished ? 'answered' : 'aborted'
}

async function respond(
  response: ServerResponse,
  answer: Answer,
  entry: Entry,
  gone: AbortSignal,
): Promise<void> {
  switch (answer.kind) {
    case 'hang':
      return
    case 'refuse':
      return breakOff(response, entry.progress)
    case 'status':
      return sendJson(response, answer.status, answer.body ?? '', answer.headers)
    case 'raw':
      response.writeHead(200, { 'content-type': answer.contentType })
      response.write(answer.body)
      return answer.isEndless ? undefined : void response.end()
    case 'text':
      await writeText(response, { body: entry.body, answer, progress: entry.progress, gone })
  }
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: string | object,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

async function readBody(request: IncomingMessage): Promise<ChatBody> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  // The clients under test send objects; what they contain is what the tests look at.
  return JSON.parse(Buffer.concat(parts).toString('utf8')) as ChatBody
}

function recorded(entry: Entry): RecordedRequest {
  const { progress, isCharged, ...seen } = entry
  return {
    ...seen,
    promptTokens: isCharged ? progress.promptTokens : 0,
    completionTokens: isCharged ? countTokens(progress.sent) : 0,
  }
}

function billOf(log: Log): Bill {
  const charged = log.entries.filter((entry) => entry.isCharged).map(recorded)
  return {
    requests: charged.length,
    promptTokens: charged.reduce((sum, { promptTokens }) => sum + promptTokens, 0),
    completionTokens: charged.reduce((sum, { completionTokens }) => sum + completionTokens, 0),
  }
}

function announce(log: Log): void {
  for (const watcher of [...log.watchers]) watcher()
}

function until(
  log: Log,
  n: number,
  isReached: (entry: Entry) => boolean,
): Promise<RecordedRequest> {
  return new Promise((resolve) => {
    const look = () => {
      const entry = log.entries[n - 1]
      if (!entry || !isReached(entry)) return
      log.watchers.delete(look)
      resolve(recorded(entry))
    }
    log.watchers.add(look)
    look()
  })
}
