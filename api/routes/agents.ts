import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import { InvalidRequestError } from '../../agent/errors.ts'
import {
  agentParams,
  agentPatchBody,
  agentRoomParams,
  newAgentBody,
  roomPatchBody,
  turnsQuery,
} from '../../schema/api.ts'
import * as answers from '../../schema/api-answers.ts'
import type { AgentDetails, ApiDeps } from '../deps.ts'
import { characterPatch, readNewCharacter } from '../new-character.ts'
import { answer, body, failures } from '../route-parts.ts'

const tags = ['Agents']

const listAgents = createRoute({
  method: 'get',
  path: '/',
  tags,
  summary: 'List all agents, active ones first, then by name',
  responses: {
    200: answer(answers.envelope(answers.agentList), 'The agents.'),
    ...failures(503),
  },
})

const getAgent = createRoute({
  method: 'get',
  path: '/{agentId}',
  tags,
  summary: 'Show an agent with its character',
  request: { params: agentParams },
  responses: {
    200: answer(answers.envelope(answers.agentDetails), 'The agent.'),
    ...failures(400, 404, 503),
  },
})

const createAgent = createRoute({
  method: 'post',
  path: '/',
  tags,
  summary: 'Store a new agent from a character, without starting it',
  request: { body: body(newAgentBody) },
  responses: {
    201: answer(answers.envelope(answers.createdAgent), 'The stored agent.'),
    ...failures(400, 409, 413, 503),
  },
})

const updateAgent = createRoute({
  method: 'patch',
  path: '/{agentId}',
  tags,
  summary: 'Replace fields of an agent’s character',
  request: { params: agentParams, body: body(agentPatchBody) },
  responses: {
    200: answer(answers.envelope(answers.agentDetails), 'The agent as it is now.'),
    ...failures(400, 404, 409, 413, 503),
  },
})

const startAgent = createRoute({
  method: 'post',
  path: '/{agentId}/start',
  tags,
  summary: 'Start an agent; its waiting turns go on',
  request: { params: agentParams },
  responses: {
    200: answer(answers.envelope(answers.startedAgent), 'It is active.'),
    ...failures(400, 404, 503),
  },
})

const stopAgent = createRoute({
  method: 'post',
  path: '/{agentId}/stop',
  tags,
  summary: 'Stop an agent: running turns finish, queued ones wait, new messages get 409',
  request: { params: agentParams },
  responses: {
    200: answer(answers.envelope(answers.notice), 'It is stopped.'),
    ...failures(400, 404, 503),
  },
})

const updateRoom = createRoute({
  method: 'patch',
  path: '/{agentId}/rooms/{roomId}',
  tags,
  summary: 'Set what messages do to the unfinished turns of a room',
  request: { params: agentRoomParams, body: body(roomPatchBody) },
  responses: {
    200: answer(answers.envelope(answers.room), 'The room.'),
    ...failures(400, 404, 413, 503),
  },
})

const deleteAgent = createRoute({
  method: 'delete',
  path: '/{agentId}',
  tags,
  summary: 'Cancel all turns of an agent and delete it',
  request: { params: agentParams },
  responses: {
    204: { description: 'It is deleted.' },
    202: answer(answers.partialDelete, 'Not finished after 10 s; it goes on.'),
    ...failures(400, 404, 409, 503),
  },
})

const listTurns = createRoute({
  method: 'get',
  path: '/{agentId}/turns',
  tags,
  summary: 'List an agent’s turns, newest first',
  request: { params: agentParams, query: turnsQuery },
  responses: {
    200: answer(answers.envelope(answers.turnList), 'The turns.'),
    ...failures(400, 404, 503),
  },
})

export const createAgentRoutes = ({ agents, turns }: ApiDeps) =>
  new OpenAPIHono()
    .openapi(listAgents, async (c) => {
      const list = await agents.list()
      const data = { agents: list.map((agent) => ({ ...agent, characterName: agent.name })) }
      return c.json({ success: true as const, data }, 200)
    })
    .openapi(getAgent, async (c) => {
      const agent = await agents.get(c.req.valid('param').agentId)
      return c.json({ success: true as const, data: toAgentRow(agent) }, 200)
    })
    .openapi(createAgent, async (c) => {
      const agent = await agents.create(readNewCharacter(c.req.valid('json')))
      const data = { id: agent.id, character: agent.character }
      return c.json({ success: true as const, data }, 201)
    })
    .openapi(updateAgent, async (c) => {
      const { agentId } = c.req.valid('param')
      const { id, ...patch } = characterPatch(c.req.valid('json'))
      if (id !== undefined && String(id).toLowerCase() !== agentId) {
        throw new InvalidRequestError('An agent keeps its id. Create a new agent instead.', 'id')
      }
      const agent = await agents.update(agentId, patch)
      return c.json({ success: true as const, data: toAgentRow(agent) }, 200)
    })
    .openapi(startAgent, async (c) => {
      const { id, name, status } = await agents.start(c.req.valid('param').agentId)
      return c.json({ success: true as const, data: { id, name, status } }, 200)
    })
    .openapi(stopAgent, async (c) => {
      await agents.stop(c.req.valid('param').agentId)
      return c.json({ success: true as const, data: { message: 'Agent stopped' } }, 200)
    })
    .openapi(updateRoom, async (c) => {
      const { agentId, roomId } = c.req.valid('param')
      const data = await agents.setRoomOverlap(agentId, roomId, c.req.valid('json').overlap)
      return c.json({ success: true as const, data }, 200)
    })
    .openapi(deleteAgent, async (c) => {
      if (await agents.delete(c.req.valid('param').agentId)) return c.body(null, 204)
      const message = 'The agent takes no messages any more; its deletion goes on.'
      return c.json({ success: true as const, partial: true as const, message }, 202)
    })
    .openapi(listTurns, async (c) => {
      const { forks: withForks, ...page } = c.req.valid('query')
      const list = await turns.list(c.req.valid('param').agentId, { ...page, withForks })
      return c.json({ success: true as const, data: { turns: list } }, 200)
    })

/** ElizaOS's agent row: the character's own fields, beside those of its state. */
function toAgentRow({ id, name, status, createdAt, updatedAt, character }: AgentDetails) {
  const enabled = status === 'active'
  return { ...character, id, name, status, enabled, createdAt, updatedAt }
}
