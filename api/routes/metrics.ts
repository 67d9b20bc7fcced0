import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { ApiDeps } from '../deps.ts'
import { failures } from '../route-parts.ts'

const show = createRoute({
  method: 'get',
  path: '/metrics',
  tags: ['Models'],
  summary: 'Show metrics for Prometheus: model calls, breakers, rate limits',
  description: 'With the key of the API, when the server has one.',
  responses: {
    200: {
      description: 'Metrics in the text format of Prometheus.',
      content: { 'text/plain': { schema: z.string() } },
    },
    ...failures(503),
  },
})

export const createMetricsRoutes = ({ models }: ApiDeps) =>
  new OpenAPIHono().openapi(show, async (c) => {
    const { contentType, text } = await models.metrics()
    return c.text(text, 200, { 'content-type': contentType })
  })
