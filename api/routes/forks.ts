import { createRoute, OpenAPIHono, type z } from '@hono/zod-openapi'
import { turnParams } from '../../schema/api.ts'
import { envelope } from '../../schema/api-answers.ts'
import * as forks from '../../schema/fork-api.ts'
import { waitForTurns } from '../answered-message.ts'
import type { ApiDeps } from '../deps.ts'
import type { NewFork } from '../forks-port.ts'
import { answer, failures, optionalBody } from '../route-parts.ts'

const tags = ['Turns']

const createFork = createRoute({
  method: 'post',
  path: '/{turnId}/fork',
  tags,
  summary: 'Run an ended turn again in a shadow room, without outside effects',
  description: 'Its model calls cost what they cost. The difference is at `/{forkId}/diff`.',
  request: { params: turnParams, body: optionalBody(forks.forkBody) },
  responses: {
    202: answer(envelope(forks.startedFork), 'The fork is queued.'),
    ...failures(400, 404, 409, 413, 503),
  },
})

const listForks = createRoute({
  method: 'get',
  path: '/{turnId}/forks',
  tags,
  summary: 'List the forks of a turn, newest first',
  request: { params: turnParams },
  responses: {
    200: answer(envelope(forks.forkList), 'The forks. They are deleted after seven days.'),
    ...failures(400, 404, 503),
  },
})

const getDiff = createRoute({
  method: 'get',
  path: '/{turnId}/diff',
  tags,
  summary: 'Show how a fork differs from its original: prompt, actions, text, cost',
  description: 'Takes the id of the fork. Waits for its end as long as `transport: http` does.',
  request: { params: turnParams },
  responses: {
    200: answer(envelope(forks.turnDiff), 'It has ended.'),
    202: answer(envelope(forks.forkUnderWay), 'It goes on; ask again.'),
    ...failures(400, 404, 409, 503),
  },
})

export const createForkRoutes = (deps: ApiDeps) =>
  new OpenAPIHono()
    .openapi(createFork, async (c) => {
      const { turnId } = c.req.valid('param')
      const options = c.req.valid('json') ?? {} // absent when there is no body
      const data = await deps.forks.create(turnId, options as NewFork)
      return c.json({ success: true as const, data }, 202)
    })
    .openapi(listForks, async (c) => {
      const list = await deps.forks.list(c.req.valid('param').turnId)
      return c.json({ success: true as const, data: { forks: list } }, 200)
    })
    .openapi(getDiff, async (c) => {
      const { turnId } = c.req.valid('param')
      const turn = await deps.turns.result(turnId)
      await deps.forks.originalOf(turnId) // before waiting: it must be a fork
      const known = { ...turn, known: turn }
      const { results, isComplete } = await waitForTurns(deps, [known], c.req.raw.signal)
      if (!isComplete) {
        const { state } = results[0] ?? turn
        return c.json({ success: true as const, data: { forkId: turnId, state } }, 202)
      }
      const data: z.infer<typeof forks.turnDiff> = await deps.forks.diff(turnId)
      return c.json({ success: true as const, data }, 200)
    })
