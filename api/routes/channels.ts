import { randomUUID } from 'node:crypto'
import { createRoute, OpenAPIHono, type z } from '@hono/zod-openapi'
import {
  addAgentBody,
  channelAgentParams,
  channelParams,
  channelPatchBody,
  newChannelBody,
} from '../../schema/api.ts'
import * as answers from '../../schema/api-answers.ts'
import { DEFAULT_MESSAGE_SERVER_ID } from '../../schema/ids.ts'
import type { JsonObject } from '../../schema/json.ts'
import type { ApiDeps } from '../deps.ts'
import { answer, body, messagingFailures } from '../route-parts.ts'

/** Metadata widened to what the document says; JSON's own type is recursive, and too deep for Hono. */
type Channel = z.infer<typeof answers.channel>

const tags = ['Channels']

const createChannel = createRoute({
  method: 'post',
  path: '/channels',
  tags,
  summary: 'Create a channel with its people and agents',
  request: { body: body(newChannelBody) },
  responses: {
    201: answer(answers.envelope(answers.channel), 'The channel.'),
    ...messagingFailures(400, 409, 413, 503),
  },
})

const getChannel = createRoute({
  method: 'get',
  path: '/channels/{channelId}/details',
  tags,
  summary: 'Show a channel',
  request: { params: channelParams },
  responses: {
    200: answer(answers.envelope(answers.channel), 'The channel.'),
    ...messagingFailures(400, 404, 503),
  },
})

const updateChannel = createRoute({
  method: 'patch',
  path: '/channels/{channelId}',
  tags,
  summary: 'Change the name or the metadata of a channel',
  request: { params: channelParams, body: body(channelPatchBody) },
  responses: {
    200: answer(answers.envelope(answers.channel), 'The channel.'),
    ...messagingFailures(400, 404, 413, 503),
  },
})

const listParticipants = createRoute({
  method: 'get',
  path: '/channels/{channelId}/participants',
  tags,
  summary: 'List the ids of a channel’s people and agents',
  request: { params: channelParams },
  responses: {
    200: answer(answers.envelope(answers.participants), 'Their ids, in the order of joining.'),
    ...messagingFailures(400, 404, 503),
  },
})

const addAgent = createRoute({
  method: 'post',
  path: '/channels/{channelId}/agents',
  tags,
  summary: 'Add an agent to a channel',
  request: { params: channelParams, body: body(addAgentBody) },
  responses: {
    201: answer(answers.envelope(answers.channelAgent), 'It is a participant.'),
    ...messagingFailures(400, 404, 413, 503),
  },
})

const removeAgent = createRoute({
  method: 'delete',
  path: '/channels/{channelId}/agents/{agentId}',
  tags,
  summary: 'Remove an agent from a channel',
  request: { params: channelAgentParams },
  responses: {
    200: answer(answers.envelope(answers.channelAgent), 'It is no participant any more.'),
    ...messagingFailures(400, 404, 503),
  },
})

export const createChannelRoutes = ({ channels }: ApiDeps) =>
  new OpenAPIHono()
    .openapi(createChannel, async (c) => {
      const wanted = c.req.valid('json')
      const data: Channel = await channels.create({
        id: wanted.id ?? randomUUID(),
        name: wanted.name,
        type: wanted.type ?? 'GROUP',
        messageServerId: wanted.message_server_id ?? wanted.server_id ?? DEFAULT_MESSAGE_SERVER_ID,
        participants: wanted.participantCentralUserIds ?? [],
        metadata: (wanted.metadata ?? {}) as JsonObject, // It was parsed from a JSON body.
      })
      return c.json({ success: true as const, data }, 201)
    })
    .openapi(getChannel, async (c) => {
      const data: Channel = await channels.get(c.req.valid('param').channelId)
      return c.json({ success: true as const, data }, 200)
    })
    .openapi(updateChannel, async (c) => {
      const { name, metadata } = c.req.valid('json')
      const patch = { name, metadata: metadata as JsonObject | undefined } // It was parsed from a JSON body.
      const data: Channel = await channels.update(c.req.valid('param').channelId, patch)
      return c.json({ success: true as const, data }, 200)
    })
    .openapi(listParticipants, async (c) => {
      const { channelId } = c.req.valid('param')
      const [data] = await Promise.all([channels.participants(channelId), channels.get(channelId)])
      return c.json({ success: true as const, data }, 200)
    })
    .openapi(addAgent, async (c) => {
      const { channelId } = c.req.valid('param')
      const { agentId } = c.req.valid('json')
      await channels.addAgent(channelId, agentId)
      const data = { channelId, agentId, message: 'Agent added to channel' }
      return c.json({ success: true as const, data }, 201)
    })
    .openapi(removeAgent, async (c) => {
      const { channelId, agentId } = c.req.valid('param')
      await channels.removeAgent(channelId, agentId)
      const data = { channelId, agentId, message: 'Agent removed from channel' }
      return c.json({ success: true as const, data }, 200)
    })
