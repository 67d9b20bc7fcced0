import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { InvalidRequestError } from '../agent/errors.ts'
import { storableJson } from '../schema/text.ts'
import { RefusedError } from './errors.ts'

/** Deeper than any character or message; a deeper body would exhaust the stack of whoever walks it. */
const MAX_DEPTH = 64
const JSON_TYPE = /^application\/([\w.-]+\+)?json$/i
/** Escapes that may spell NUL or a lone surrogate. Raw ones cannot be: UTF-8 and JSON refuse them. */
const SUSPICIOUS_ESCAPE = /\\u(?:0000|d[89a-f])/i

export const limitBody = (maxBodyBytes: number): MiddlewareHandler =>
  bodyLimit({
    maxSize: maxBodyBytes,
    onError: () => {
      throw new RefusedError(
        413,
        'PAYLOAD_TOO_LARGE',
        `The body is larger than ${maxBodyBytes} bytes. Send less, or raise the server's limit.`,
      )
    },
  })

/** The door for bodies: JSON only, well formed, not too deep, and without what Postgres cannot store. */
export const readJsonBody: MiddlewareHandler = async function readJsonBody(c, next) {
  const text = await c.req.text()
  if (text !== '') {
    refuseOtherTypes(c.req.header('content-type'))
    const body = parse(text)
    if (SUSPICIOUS_ESCAPE.test(text)) {
      c.req.raw = new Request(c.req.raw, { body: JSON.stringify(storableJson(body)) })
      c.req.bodyCache = {} // Else the validators would read the old text again.
    }
  }
  await next()
}

function refuseOtherTypes(contentType: string | undefined): void {
  const mediaType = contentType?.split(';')[0]?.trim() ?? ''
  if (JSON_TYPE.test(mediaType)) return
  throw new RefusedError(
    400,
    'INVALID_CONTENT_TYPE',
    `The content-type '${mediaType}' is not understood. Send application/json.`,
  )
}

function parse(text: string): unknown {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new InvalidRequestError(`The body is not valid JSON: ${reason}.`, 'body')
  }
  if (isDeeper(body, MAX_DEPTH)) {
    throw new InvalidRequestError(`The body is nested deeper than ${MAX_DEPTH} levels.`, 'body')
  }
  return body
}

function isDeeper(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== 'object') return false
  if (levels === 0) return true
  return Object.values(value).some((inner) => isDeeper(inner, levels - 1))
}
