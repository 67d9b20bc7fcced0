import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { agentParams } from '../../schema/api.ts'
import { envelope } from '../../schema/api-answers.ts'
import { pluginPanel, pluginView } from '../../schema/plugins-api.ts'
import type { ApiDeps } from '../deps.ts'
import { answer, failures } from '../route-parts.ts'

const list = createRoute({
  method: 'get',
  path: '/{agentId}/plugins',
  tags: ['Plugins'],
  summary: 'Show an agent’s plugins: what was loaded, what was not and why, and what failed since',
  request: { params: agentParams },
  responses: {
    200: answer(envelope(z.object({ plugins: z.array(pluginView).readonly() })), 'The plugins.'),
    ...failures(400, 404, 409, 503),
  },
})

const panels = createRoute({
  method: 'get',
  path: '/{agentId}/panels',
  tags: ['Plugins'],
  summary: 'List the pages that an agent’s plugins offer',
  request: { params: agentParams },
  responses: {
    200: answer(envelope(z.array(pluginPanel).readonly()), 'Names and paths.'),
    ...failures(400, 404, 409, 503),
  },
})

export const createPluginRoutes = ({ plugins }: ApiDeps) =>
  new OpenAPIHono()
    .openapi(list, async (c) => {
      const { agentId } = c.req.valid('param')
      const data = { plugins: (await plugins?.list(agentId)) ?? [] }
      return c.json({ success: true as const, data }, 200)
    })
    .openapi(panels, async (c) => {
      const { agentId } = c.req.valid('param')
      const data = (await plugins?.panels(agentId)) ?? []
      return c.json({ success: true as const, data }, 200)
    })
