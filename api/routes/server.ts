import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import * as answers from '../../schema/api-answers.ts'
import type { ApiDeps } from '../deps.ts'
import { answer, failures } from '../route-parts.ts'

const tags = ['Server']
const BUILT_IN_NOTE =
  'The built-in rule-based ELIZA answers, because no model is configured. Set OPENAI_API_KEY or OPENAI_BASE_URL.'

const getStatus = createRoute({
  method: 'get',
  path: '/server/status',
  tags,
  summary: 'Show how many agents are active and which model answers',
  responses: { 200: answer(answers.serverStatus, 'The status.'), ...failures(503) },
})

const ping = createRoute({
  method: 'get',
  path: '/server/ping',
  tags,
  summary: 'Answer a ping',
  responses: { 200: answer(answers.pong, 'Pong.') },
})

const getHealth = createRoute({
  method: 'get',
  path: '/server/health',
  tags,
  summary: 'Show the health as ElizaOS does: 503 without an active agent',
  responses: {
    200: answer(answers.serverHealth, 'At least one agent is active.'),
    503: answer(answers.serverHealth, 'No agent is active.'),
  },
})

const getVersion = createRoute({
  method: 'get',
  path: '/system/version',
  tags,
  summary: 'Show the version',
  responses: { 200: answer(answers.serverVersion, 'The version.') },
})

export const createServerRoutes = ({ agents, settings, status }: ApiDeps) => {
  const countActive = async (): Promise<number> =>
    (await agents.list()).filter((agent) => agent.status === 'active').length
  return new OpenAPIHono()
    .openapi(getStatus, async (c) => {
      const { problem, ...model } = await status.model()
      const note = model.isBuiltIn ? BUILT_IN_NOTE : problem
      const agentCount = await countActive()
      return c.json({ status: 'ok', agentCount, timestamp: now(), model: { ...model, note } }, 200)
    })
    .openapi(ping, (c) => c.json({ pong: true as const, timestamp: now() }, 200))
    .openapi(getHealth, async (c) => {
      const isHealthy = (await countActive()) > 0
      const dependencies = { agents: isHealthy ? ('healthy' as const) : ('no_agents' as const) }
      const { version } = settings
      const health = { status: 'OK', version, timestamp: now(), dependencies }
      return c.json(health, isHealthy ? 200 : 503)
    })
    .openapi(getVersion, (c) => {
      const { version, environment = 'production' } = settings
      const uptime = process.uptime()
      return c.json({ version, source: 'turnkeeper', timestamp: now(), environment, uptime }, 200)
    })
}

const now = (): string => new Date().toISOString()
