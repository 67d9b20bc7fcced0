import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import { agentParams } from '../../schema/api.ts'
import { envelope } from '../../schema/api-answers.ts'
import { spendingQuery, spendingReport } from '../../schema/spending-api.ts'
import type { ApiDeps } from '../deps.ts'
import { answer, failures } from '../route-parts.ts'

const show = createRoute({
  method: 'get',
  path: '/{agentId}/spending',
  tags: ['Agents'],
  summary: 'Show what an agent’s model calls used and cost, and how its budgets stand',
  request: { params: agentParams, query: spendingQuery },
  responses: {
    200: answer(envelope(spendingReport), 'Totals, groups and budgets.'),
    ...failures(400, 404, 503),
  },
})

export const createSpendingRoutes = ({ spending }: ApiDeps) =>
  new OpenAPIHono().openapi(show, async (c) => {
    const { agentId } = c.req.valid('param')
    const data = await spending.report(agentId, c.req.valid('query'))
    return c.json({ success: true as const, data }, 200)
  })
