import { createRoute, OpenAPIHono, type z } from '@hono/zod-openapi'
import { cancelBody, streamHeaders, turnParams } from '../../schema/api.ts'
import * as answers from '../../schema/api-answers.ts'
import { isTerminal } from '../../schema/turn.ts'
import type { ApiDeps } from '../deps.ts'
import { answer, eventStream, failures, optionalBody } from '../route-parts.ts'
import { streamTurnEvents } from '../turn-events.ts'

const tags = ['Turns']

const getTurn = createRoute({
  method: 'get',
  path: '/{turnId}',
  tags,
  summary: 'Show a turn: state, steps, prompts, model calls, cost',
  request: { params: turnParams },
  responses: {
    200: answer(answers.envelope(answers.turnTrace), 'The turn.'),
    ...failures(400, 404, 503),
  },
})

const streamTurn = createRoute({
  method: 'get',
  path: '/{turnId}/stream',
  tags,
  summary: 'Stream a turn’s reply as server-sent events',
  description:
    'From the beginning of the newest attempt, or behind `Last-Event-ID` (`gen.attempt.seq`).',
  request: { params: turnParams, headers: streamHeaders },
  responses: {
    200: eventStream('`chunk`, `restart`, and at last `done`, `error` or `waiting_approval`.'),
    ...failures(400, 404, 503),
  },
})

const cancelTurn = createRoute({
  method: 'post',
  path: '/{turnId}/cancel',
  tags,
  summary: 'Cancel a turn; of one that has ended, what was not sent yet',
  request: { params: turnParams, body: optionalBody(cancelBody) },
  responses: {
    200: answer(answers.envelope(answers.cancelledTurn), 'It has ended.'),
    202: answer(answers.envelope(answers.cancelledTurn), 'It was told to stop.'),
    ...failures(400, 404, 503),
  },
})

const getHistory = createRoute({
  method: 'get',
  path: '/{turnId}/history',
  tags,
  summary: 'Export a turn’s Temporal history as JSON, for replay',
  request: { params: turnParams },
  responses: {
    200: answer(answers.envelope(answers.history), 'The history, as proto3 JSON.'),
    ...failures(400, 404, 503),
  },
})

export const createTurnRoutes = (deps: ApiDeps) =>
  new OpenAPIHono()
    .openapi(getTurn, async (c) => {
      const data: z.infer<typeof answers.turnTrace> = await deps.turns.trace(
        c.req.valid('param').turnId,
      )
      return c.json({ success: true as const, data }, 200)
    })
    .openapi(streamTurn, async (c) => {
      const turn = await deps.turns.result(c.req.valid('param').turnId)
      const lastEventId = c.req.valid('header')['last-event-id']
      return streamTurnEvents(c, deps, { turns: [turn], lastEventId })
    })
    .openapi(cancelTurn, async (c) => {
      const { partial = 'retract' } = c.req.valid('json') // absent when there is no body
      const turn = await deps.turns.cancel(c.req.valid('param').turnId, partial)
      const data: z.infer<typeof answers.cancelledTurn> = turn
      return c.json({ success: true as const, data }, isTerminal(turn.state) ? 200 : 202)
    })
    .openapi(getHistory, async (c) => {
      const data: z.infer<typeof answers.history> = await deps.turns.history(
        c.req.valid('param').turnId,
      )
      return c.json({ success: true as const, data }, 200)
    })
