import { createRoute, OpenAPIHono, type z } from '@hono/zod-openapi'
import { messageHeaders, turnParams } from '../../schema/api.ts'
import { envelope } from '../../schema/api-answers.ts'
import * as letters from '../../schema/dead-letters-api.ts'
import type { ApiDeps } from '../deps.ts'
import { answer, body, failures } from '../route-parts.ts'

const tags = ['Dead letters']
const doer = messageHeaders.pick({ 'x-entity-id': true })

const list = createRoute({
  method: 'get',
  path: '/',
  tags,
  summary: 'List turns that ended badly, newest first',
  request: { query: letters.deadLettersQuery },
  responses: {
    200: answer(envelope(letters.deadLetterList), 'The dead letters.'),
    ...failures(400, 503),
  },
})

const show = createRoute({
  method: 'get',
  path: '/{turnId}',
  tags,
  summary: 'Show a dead letter: message, reason, trace, and what was done about it',
  request: { params: turnParams },
  responses: {
    200: answer(envelope(letters.deadLetterDetails), 'The dead letter.'),
    ...failures(400, 404, 503),
  },
})

const retry = createRoute({
  method: 'post',
  path: '/{turnId}/retry',
  tags,
  summary: 'Run the turn again, at the tail of its room, with new model calls',
  request: { params: turnParams, headers: doer, body: body(letters.retryBody) },
  responses: {
    202: answer(envelope(letters.deadLetter), 'It is queued.'),
    ...failures(400, 404, 409, 413, 503),
  },
})

const skip = createRoute({
  method: 'post',
  path: '/{turnId}/skip',
  tags,
  summary: 'Close a dead letter: nothing more is to be done',
  request: { params: turnParams, headers: doer, body: body(letters.skipBody) },
  responses: {
    200: answer(envelope(letters.deadLetter), 'It is closed.'),
    ...failures(400, 404, 409, 413, 503),
  },
})

/** Our API has one key for all: who acts, callers say themselves. */
const NOBODY = 'api'

export const createDeadLetterRoutes = ({ deadLetters, turns }: ApiDeps) =>
  new OpenAPIHono()
    .openapi(list, async (c) => {
      const data: z.infer<typeof letters.deadLetterList> = await deadLetters.list(
        c.req.valid('query'),
      )
      return c.json({ success: true as const, data }, 200)
    })
    .openapi(show, async (c) => {
      const { turnId } = c.req.valid('param')
      const [letter, turn] = await Promise.all([deadLetters.get(turnId), turns.trace(turnId)])
      const data: z.infer<typeof letters.deadLetterDetails> = { ...letter, turn }
      return c.json({ success: true as const, data }, 200)
    })
    .openapi(retry, async (c) => {
      const { by, comment = null, text = null } = c.req.valid('json')
      const done = { by: by ?? c.req.valid('header')['x-entity-id'] ?? NOBODY, comment, text }
      const data: z.infer<typeof letters.deadLetter> = await deadLetters.retry(
        c.req.valid('param').turnId,
        done,
      )
      return c.json({ success: true as const, data }, 202)
    })
    .openapi(skip, async (c) => {
      const { by, comment = null } = c.req.valid('json')
      const done = { by: by ?? c.req.valid('header')['x-entity-id'] ?? NOBODY, comment }
      const data: z.infer<typeof letters.deadLetter> = await deadLetters.skip(
        c.req.valid('param').turnId,
        done,
      )
      return c.json({ success: true as const, data }, 200)
    })
