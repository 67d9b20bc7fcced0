import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { MiddlewareHandler } from 'hono'

const [MARK = ''] = RESPONSE_ALREADY_SENT.headers.keys()

/**
 * Stands around all others: what they add to the mark of an answer that a plugin has sent makes a copy of
 * it, which the server would send again.
 */
export const sentPastHono: MiddlewareHandler = async (c, next) => {
  await next()
  if (!c.res.headers.has(MARK)) return
  c.res = undefined // it would be merged into the next one
  c.res = RESPONSE_ALREADY_SENT
}
