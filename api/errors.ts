import type { Context, ErrorHandler, NotFoundHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { DomainError, InvalidRequestError, RateLimitedError } from '../agent/errors.ts'
import { CharacterError, type CharacterProblem } from '../schema/character.ts'
import type { ApiLog } from './deps.ts'

/** A request that is turned away before it reaches a route. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly status: ContentfulStatusCode
  readonly code: string
  readonly retryAfterMs: number | undefined

  constructor(status: ContentfulStatusCode, code: string, message: string, retryAfterMs?: number) {
    super(message)
    this.status = status
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}

interface Problem {
  readonly status: ContentfulStatusCode
  readonly code: string
  readonly message: string
  /** Of the field that is wrong. */
  readonly path?: string
  readonly problems?: readonly CharacterProblem[]
  /** Milliseconds after which another try makes sense. */
  readonly retryAfterMs?: number | undefined
}

const STATUS: Record<string, ContentfulStatusCode> = {
  invalid_request: 400,
  not_found: 404,
  conflict: 409,
  agent_stopped: 409,
  idempotency_key_reused: 422,
  message_refused: 403,
  rate_limited: 429,
  required_plugin_failed: 503,
  unavailable: 503,
}

/** Postgres and Temporal come back within seconds when they are restarted. */
const RETRY_AFTER_MS = 5_000

/** The only place an error becomes an HTTP answer, in the envelope of its router. */
export const toHttpError =
  (log: ApiLog): ErrorHandler =>
  (error, c) => {
    const problem = describe(error, c)
    const { retryAfterMs = problem.status === 503 ? RETRY_AFTER_MS : undefined } = problem
    if (retryAfterMs !== undefined) c.header('Retry-After', wholeSeconds(retryAfterMs))
    if (problem.status === 500) {
      const requestId = c.get('requestId')
      log.error({ err: error, requestId, method: c.req.method, path: c.req.path }, 'request failed')
    }
    return c.json(envelopeOf(c, problem), problem.status)
  }

/** 0 would be an invitation to ask in a circle. */
const wholeSeconds = (ms: number): string => String(Math.max(1, Math.ceil(ms / 1_000)))

export const endpointNotFound: NotFoundHandler = (c) =>
  c.json({ success: false, error: { message: 'API endpoint not found', code: 404 } }, 404)

function describe(error: Error, c: Context): Problem {
  if (error instanceof RefusedError) return error
  if (error instanceof InvalidRequestError) {
    return {
      status: 400,
      code: invalidCode(c, error.path),
      message: error.message,
      path: error.path,
    }
  }
  if (error instanceof CharacterError) {
    const { message, problems, source } = error
    const path = [source, problems[0]?.path].filter(Boolean).join('.')
    return { status: 400, code: invalidCode(c), message, path, problems }
  }
  if (error instanceof DomainError && STATUS[error.code]) {
    return {
      status: STATUS[error.code] ?? 500,
      code: error.code.toUpperCase(),
      message: error.message,
      retryAfterMs: error instanceof RateLimitedError ? error.retryAfterMs : undefined,
    }
  }
  if (error instanceof HTTPException && error.status < 500) {
    return { status: 400, code: invalidCode(c), message: error.message }
  }
  return {
    status: 500,
    code: 'INTERNAL_ERROR',
    message: `Unexpected error. It has been logged with the request id '${c.get('requestId')}'.`,
  }
}

/** ElizaOS's code for a request that cannot be understood: it depends on the route. */
function invalidCode(c: Context, path?: string): string {
  if (path !== undefined && path in PATH_IDS) return 'INVALID_ID'
  if (c.req.method === 'POST' && /^\/api\/agents\/?$/.test(c.req.path)) return 'CREATE_ERROR'
  if (c.req.method === 'PATCH') return 'UPDATE_ERROR'
  if (c.req.path.startsWith('/api/audio')) return 'INVALID_REQUEST'
  return 'BAD_REQUEST'
}

const PATH_IDS = { agentId: true, channelId: true, roomId: true, turnId: true, approvalId: true }

function envelopeOf(c: Context, { status, code, message, path, problems }: Problem) {
  if (status === 401) return { success: false, error: 'API key required', message }
  if (c.req.path.startsWith('/api/messaging')) {
    return { success: false, error: message, code, details: path }
  }
  const details = path === undefined ? undefined : { path, problems }
  return { success: false, error: { code, message, details } }
}
