import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { Context, MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import type { ApiSettings } from './deps.ts'
import { RefusedError } from './errors.ts'

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '::1']
const WILDCARDS = ['0.0.0.0', '::']

/**
 * Refuses names that are not ours. A page on a foreign domain whose DNS answer was changed to our
 * address (DNS rebinding) is same-origin to the browser; only `Host` still gives it away.
 */
export function checkHost(settings: ApiSettings): MiddlewareHandler {
  const { boundHost, allowedHosts } = settings
  const names = new Set([...LOOPBACK_NAMES, ...allowedHosts.map((name) => name.toLowerCase())])
  if (boundHost) names.add(boundHost.toLowerCase())
  // An IP address cannot be rebound, and behind a wildcard any of the machine's may be meant.
  const anyAddress = boundHost !== undefined && WILDCARDS.includes(boundHost)
  return async function checkHost(c, next) {
    const name = hostName(hostOf(c))
    if (!names.has(name) && !(anyAddress && isIP(name) !== 0)) {
      throw new RefusedError(
        403,
        'HOST_NOT_ALLOWED',
        `The Host '${name}' is not one of this server's names (DNS rebinding is refused). ` +
          'Use localhost, or add the name to the allowed hosts.',
      )
    }
    await next()
  }
}

/** Web pages must not drive an agent: a foreign `Origin` is refused unless CORS_ORIGIN allows it. */
export function checkOrigin({ corsOrigin }: ApiSettings): MiddlewareHandler {
  const allowed = parseOrigins(corsOrigin)
  return async function checkOrigin(c, next) {
    const origin = c.req.header('origin')
    if (origin !== undefined && !isSameOrigin(origin, c) && !isAllowed(origin, allowed)) {
      throw new RefusedError(
        403,
        'ORIGIN_NOT_ALLOWED',
        `Requests from web pages of '${origin}' are refused. Set CORS_ORIGIN to allow them.`,
      )
    }
    await next()
  }
}

/** CORS headers for the origins of CORS_ORIGIN (a comma-separated list, or `*`). */
export function allowCors(corsOrigin: string): MiddlewareHandler {
  const allowed = parseOrigins(corsOrigin)
  return cors({
    origin: (origin) => (isAllowed(origin, allowed) ? origin : null),
    allowHeaders: [
      'Content-Type',
      'Authorization',
      'X-API-KEY',
      'X-Entity-Id',
      'Idempotency-Key',
      'Last-Event-ID',
    ],
    exposeHeaders: ['X-Request-Id', 'Retry-After'],
    maxAge: 600,
  })
}

/** `X-API-KEY` or `Authorization: Bearer` must carry the token, on everything but preflights. */
export function requireToken(token: string): MiddlewareHandler {
  const expected = digest(token)
  return async function requireToken(c, next) {
    const bearer = /^Bearer (.+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
    const given = c.req.header('x-api-key') ?? bearer
    // Digests have one length, so the comparison takes the same time for every wrong token.
    const matches = given !== undefined && timingSafeEqual(digest(given), expected)
    if (!matches && c.req.method !== 'OPTIONS') {
      throw new RefusedError(
        401,
        'API_KEY_REQUIRED',
        'Send the server token as X-API-KEY or as Authorization: Bearer.',
      )
    }
    await next()
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

const hostOf = (c: Context): string => c.req.header('host') ?? new URL(c.req.url).host

/** `[::1]:3000` and `localhost:3000` without port and brackets. */
function hostName(host: string): string {
  const bracketed = /^\[(.+)\](?::\d+)?$/.exec(host)
  return (bracketed?.[1] ?? host.replace(/:\d+$/, '')).toLowerCase()
}

/** Schemes are not compared: behind a proxy that ends TLS ours is `http`, the page's `https`. */
function isSameOrigin(origin: string, c: Context): boolean {
  return URL.canParse(origin) && new URL(origin).host === hostOf(c).toLowerCase()
}

const parseOrigins = (list = ''): readonly string[] =>
  list.split(',').map((origin) => origin.trim().replace(/\/$/, ''))

const isAllowed = (origin: string, allowed: readonly string[]): boolean =>
  origin !== '' && (allowed.includes('*') || allowed.includes(origin))
