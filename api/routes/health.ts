import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import * as answers from '../../schema/api-answers.ts'
import type { ApiDeps } from '../deps.ts'
import { answer } from '../route-parts.ts'

const tags = ['Health']
/** Probes carry no key. */
const security: [] = []

const isAlive = createRoute({
  method: 'get',
  path: '/healthz',
  tags,
  security,
  summary: 'Tell whether the process answers',
  responses: { 200: answer(answers.liveness, 'It does.') },
})

const isReady = createRoute({
  method: 'get',
  path: '/readyz',
  tags,
  security,
  summary: 'Tell whether Postgres, Temporal and a polling worker are there',
  responses: {
    200: answer(answers.readiness, 'All are there.'),
    503: answer(answers.readiness, 'Something is missing; the check says what and why.'),
  },
})

export const createHealthRoutes = ({ status }: ApiDeps) =>
  new OpenAPIHono()
    .openapi(isAlive, (c) => c.json({ status: 'ok', timestamp: new Date().toISOString() }, 200))
    .openapi(isReady, async (c) => {
      const readiness = await status.readiness()
      return c.json(readiness, readiness.ready ? 200 : 503)
    })
