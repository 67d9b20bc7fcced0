import type { IncomingMessage } from 'node:http'
import type { FoundRoute } from '../plugin-routes-port.ts'

/** Of JSON and form bodies that are read for the handler, in bytes. */
const MAX_BODY = 10 * 1024 * 1024

/** The body is larger than a plugin's route takes, or is no JSON although it says so. */
export class RouteBodyError extends Error {
  override readonly name = 'RouteBodyError'
  readonly status: 400 | 413

  constructor(status: 400 | 413, message: string) {
    super(message)
    this.status = status
  }
}

/**
 * Node's own request with what Express would have put on it: handlers hand it to multer, pipe it and read
 * `params`, `query` and `body`. JSON and form bodies are read; multipart is left for the handler.
 */
export async function toExpressRequest(
  request: IncomingMessage,
  { params, agentId }: Pick<FoundRoute, 'params' | 'agentId'>,
): Promise<IncomingMessage> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const header = (name: string) => request.headers[name.toLowerCase()]
  Object.assign(request, {
    params: { ...params },
    query: withAgent(queryOf(url), agentId),
    path: url.pathname,
    originalUrl: request.url,
    baseUrl: '',
    protocol: 'http',
    hostname: (header('host') ?? '').toString().replace(/:\d+$/, ''),
    ip: request.socket.remoteAddress,
    get: header,
    header,
    is: (type: string) => (header('content-type') ?? '').includes(type),
  })
  guardAgent(request, agentId)
  const body = await bodyOf(request)
  if (body !== undefined) Object.assign(request, { body })
  return request
}

/** Upstream the body's `agentId` wins and nobody looks at it: here it is always the route's own agent. */
function guardAgent(request: IncomingMessage, agentId: string): void {
  let current: unknown
  Object.defineProperty(request, 'body', {
    configurable: true,
    enumerable: true,
    // Multer fills the object after it has set it.
    get: () => withAgent(current, agentId),
    set: (body: unknown) => {
      current = body
    },
  })
}

function withAgent(body: unknown, agentId: string): unknown {
  if (body === null || typeof body !== 'object' || !('agentId' in body)) return body
  return Object.assign(body, { agentId })
}

function queryOf(url: URL): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {}
  for (const name of new Set(url.searchParams.keys())) {
    const values = url.searchParams.getAll(name)
    query[name] = values.length > 1 ? values : (values[0] ?? '')
  }
  return query
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const type = request.headers['content-type'] ?? ''
  const isJson = /[/+]json\b/i.test(type)
  const isForm = type.includes('x-www-form-urlencoded')
  if (!isJson && !isForm) return undefined
  const text = await readText(request)
  if (isForm) return queryOf(new URL(`http://localhost/?${text}`))
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    throw new RouteBodyError(400, 'The body is no JSON, although its content type says so.')
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > MAX_BODY) throw new RouteBodyError(413, `The body is larger than ${MAX_BODY} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
