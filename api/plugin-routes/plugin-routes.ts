import type { IncomingMessage, ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context, MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import { isUuid } from '../../schema/ids.ts'
import type { ApiDeps } from '../deps.ts'
import { RefusedError } from '../errors.ts'
import type { FoundRoute } from '../plugin-routes-port.ts'
import { RouteBodyError, toExpressRequest } from './express-request.ts'
import { toExpressResponse } from './express-response.ts'
import { routeQuestion } from './route-question.ts'
import { serveStatic } from './static-file.ts'

/** A handler that has sent nothing by then is given up. */
const FIRST_BYTE_MS = 60_000

type Deps = Pick<ApiDeps, 'pluginRoutes' | 'log'> & {
  /** Of the whole server; outside of `/api` only public routes do without it. */
  readonly requireToken: MiddlewareHandler | undefined
}

/**
 * Hands requests for a plugin's route to it, with Node's own request and response. Stands before whatever
 * reads a body: uploads are the handler's.
 */
export const pluginRoutes =
  (deps: Deps): MiddlewareHandler =>
  async (c, next) => {
    const queryAgentId = c.req.query('agentId')
    const question = routeQuestion(c.req.method, c.req.path, queryAgentId)
    const { incoming, outgoing } = (c.env ?? {}) as Partial<NodeBindings> // absent in tests without a socket
    if (!question || !incoming || !outgoing || !deps.pluginRoutes) return next()
    const { pathAgentId, ...asked } = question
    for (const id of [pathAgentId, queryAgentId]) {
      if (id !== undefined && !isUuid(id)) throw refused('INVALID_AGENT_ID', `'${id}' is no UUID.`)
    }
    if (pathAgentId && queryAgentId && pathAgentId !== queryAgentId) {
      throw refused('INVALID_AGENT_ID', 'Path and query name two agents. Name one.')
    }
    const isAnonymous = !(await hasToken(deps, c))
    const route = await deps.pluginRoutes.find({ ...asked, isAnonymous })
    if (!route || (isAnonymous && !route.isPublic)) return next()
    await passOnHeaders(c, outgoing)
    await answer(deps, route, { c, incoming, outgoing })
    return RESPONSE_ALREADY_SENT
  }

/** Below `/api` it was asked for already. */
async function hasToken({ requireToken }: Deps, c: Context): Promise<boolean> {
  if (!requireToken || c.req.path.startsWith('/api/')) return true
  return requireToken(c, async () => undefined).then(
    () => true,
    () => false,
  )
}

/** Panels of plugins are shown in frames of the same origin. */
const secured = secureHeaders({ strictTransportSecurity: false, xFrameOptions: 'SAMEORIGIN' })

/** What stands on answers of ours, CORS included, as this one is sent past Hono. */
async function passOnHeaders(c: Context, outgoing: ServerResponse): Promise<void> {
  await secured(c, async () => undefined)
  for (const [name, value] of c.res.headers) outgoing.setHeader(name, value)
}

interface NodeBindings {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
}

const refused = (code: string, message: string) => new RefusedError(400, code, message)

async function answer(
  { log }: Deps,
  route: FoundRoute,
  { c, incoming, outgoing }: NodeBindings & { readonly c: Context },
): Promise<void> {
  outgoing.setHeader('X-Request-Id', c.get('requestId'))
  if (route.staticFile !== undefined) {
    serveStatic(outgoing, { root: route.staticFile, rest: route.params['*'] ?? '' })
    return completed(outgoing)
  }
  try {
    const request = await toExpressRequest(incoming, route)
    const done = completed(outgoing)
    await Promise.race([failureOf(route.run(request, toExpressResponse(outgoing))), done])
    await done
  } catch (error) {
    const { status, message } = describe(error)
    if (status >= 500) log.error({ err: error, route: route.label }, 'A plugin route failed')
    if (outgoing.headersSent) outgoing.destroy()
    else sendError(outgoing, status, message)
  }
}

/** The handler's promise may come before the answer: only its failure ends the wait. */
const failureOf = (work: Promise<void>): Promise<never> =>
  new Promise((_, reject) => work.catch(reject))

/** Sent, or given up by whoever asked. @throws nothing was sent in time */
function completed(response: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      if (!response.headersSent) reject(new LateRouteError())
    }, FIRST_BYTE_MS)
    const end = () => {
      clearTimeout(late)
      resolve()
    }
    response.once('finish', end)
    response.once('close', end)
    if (response.writableFinished || response.destroyed) end()
  })
}

class LateRouteError extends Error {
  override readonly name = 'LateRouteError'

  constructor() {
    super(`The plugin's route answered nothing within ${FIRST_BYTE_MS / 1_000} s.`)
  }
}

/** What a plugin's error says stays in the log: it may quote anything. */
function describe(error: unknown): { status: number; message: string } {
  if (error instanceof RouteBodyError) return { status: error.status, message: error.message }
  if (error instanceof LateRouteError) return { status: 504, message: error.message }
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const isMissing =
    cause instanceof Error &&
    (('code' in cause && cause.code === 'ENOENT') || /not found/i.test(cause.message))
  return isMissing
    ? { status: 404, message: 'There is nothing here.' }
    : { status: 500, message: "The plugin's route failed. The server's log says why." }
}

function sendError(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify({ success: false, error: { code: 'PLUGIN_ROUTE', message } }))
}
