import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import { agentParams } from '../../schema/api.ts'
import { envelope } from '../../schema/api-answers.ts'
import { task, taskAsked, taskList, taskParams } from '../../schema/tasks-api.ts'
import type { ApiDeps } from '../deps.ts'
import { answer, failures } from '../route-parts.ts'

const list = createRoute({
  method: 'get',
  path: '/{agentId}/tasks',
  tags: ['Agents'],
  summary: 'List an agent’s tasks, with the newest run of each',
  request: { params: agentParams },
  responses: {
    200: answer(envelope(taskList), 'The tasks, the oldest first.'),
    ...failures(400, 404, 503),
  },
})

const show = createRoute({
  method: 'get',
  path: '/{agentId}/tasks/{taskId}',
  tags: ['Agents'],
  summary: 'Show a task and its runs',
  request: { params: taskParams },
  responses: { 200: answer(envelope(task), 'The task.'), ...failures(400, 404, 503) },
})

const run = createRoute({
  method: 'post',
  path: '/{agentId}/tasks/{taskId}/run',
  tags: ['Agents'],
  summary: 'Run a task now, unless a run of it goes on',
  request: { params: taskParams },
  responses: {
    202: answer(envelope(taskAsked), 'It runs as soon as a worker is free.'),
    ...failures(400, 404, 503),
  },
})

const remove = createRoute({
  method: 'delete',
  path: '/{agentId}/tasks/{taskId}',
  tags: ['Agents'],
  summary: 'Delete a task',
  request: { params: taskParams },
  responses: {
    200: answer(envelope(taskAsked), 'It is gone; its schedule follows within seconds.'),
    ...failures(400, 404, 503),
  },
})

export const createTaskRoutes = ({ tasks }: ApiDeps) =>
  new OpenAPIHono()
    .openapi(list, async (c) => {
      const found = await tasks.list(c.req.valid('param').agentId)
      return c.json({ success: true as const, data: { tasks: [...found] } }, 200)
    })
    .openapi(show, async (c) => {
      const { agentId, taskId } = c.req.valid('param')
      const data = await tasks.show(agentId, taskId)
      return c.json({ success: true as const, data }, 200)
    })
    .openapi(run, async (c) => {
      const { agentId, taskId } = c.req.valid('param')
      await tasks.run(agentId, taskId)
      return c.json({ success: true as const, data: { asked: 'run' as const } }, 202)
    })
    .openapi(remove, async (c) => {
      const { agentId, taskId } = c.req.valid('param')
      await tasks.delete(agentId, taskId)
      return c.json({ success: true as const, data: { asked: 'delete' as const } }, 200)
    })
