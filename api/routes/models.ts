import { createRoute, OpenAPIHono, type z } from '@hono/zod-openapi'
import { envelope } from '../../schema/api-answers.ts'
import { modelsOverview } from '../../schema/models-api.ts'
import type { ApiDeps } from '../deps.ts'
import { answer, failures } from '../route-parts.ts'

const show = createRoute({
  method: 'get',
  path: '/',
  tags: ['Models'],
  summary: 'Show which models answer, their circuit breakers and their rate limits',
  responses: {
    200: answer(envelope(modelsOverview), 'The models.'),
    ...failures(503),
  },
})

export const createModelRoutes = ({ models }: ApiDeps) =>
  new OpenAPIHono().openapi(show, async (c) => {
    const data: z.infer<typeof modelsOverview> = await models.overview()
    return c.json({ success: true as const, data }, 200)
  })
