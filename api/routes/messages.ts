import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import { channelParams, messageHeaders, messagesQuery, postMessageBody } from '../../schema/api.ts'
import * as answers from '../../schema/api-answers.ts'
import { toAnswer, waitForTurns } from '../answered-message.ts'
import type { ApiDeps } from '../deps.ts'
import { readPostedMessage } from '../posted-message.ts'
import { answer, body, eventStream, messagingFailures } from '../route-parts.ts'
import { streamTurnEvents } from '../turn-events.ts'
import { toWireMessage } from '../wire-message.ts'

const tags = ['Messages']
const path = '/channels/{channelId}/messages'

const postMessage = createRoute({
  method: 'post',
  path,
  tags,
  summary: 'Say something in a channel',
  description: [
    'The message is stored and one turn per agent is queued before anything is answered.',
    'Transport `websocket` (default) answers at once, `http` waits for the replies, `sse` streams',
    'them. A repeat with the same `Idempotency-Key` (or `messageId`, `source_id`) and body gets the',
    'same turns; over `sse`, with `Last-Event-ID`, it goes on where the stream was cut. The id of',
    'an event is one `gen.attempt.seq` per turn, in the order of `turns`, joined by commas, with `-`',
    'for a turn of which nothing was seen; with one agent it is just `gen.attempt.seq`.',
    'With `metadata.approval` (`{id, decision}`) the message answers an approval instead, in its',
    'author’s name, and `turns` names the turn that goes on.',
  ].join(' '),
  request: { params: channelParams, headers: messageHeaders, body: body(postMessageBody) },
  responses: {
    200: eventStream(
      'With transport sse: `user_message`, `chunk`, `restart`, `done`, `error`, `waiting_approval`.',
    ),
    201: answer(answers.postedMessage, 'Accepted, and with transport http answered.'),
    202: answer(answers.postedMessage, 'Accepted, but not all replies came in time.'),
    ...messagingFailures(400, 403, 404, 409, 413, 422, 429, 503),
  },
})

const listMessages = createRoute({
  method: 'get',
  path,
  tags,
  summary: 'List a channel’s messages, newest first',
  request: { params: channelParams, query: messagesQuery },
  responses: {
    200: answer(answers.envelope(answers.messageList), 'The messages.'),
    ...messagingFailures(400, 404, 503),
  },
})

export const createMessageRoutes = (deps: ApiDeps) =>
  new OpenAPIHono()
    .openapi(postMessage, async (c) => {
      const headers = c.req.valid('header')
      const { channelId } = c.req.valid('param')
      const posted = readPostedMessage(channelId, c.req.valid('json'), headers)
      const { message, turns } = await deps.messages.accept(posted.message)
      const userMessage = toWireMessage(message, posted.message.authorName)
      if (posted.transport === 'websocket') return c.json(toAnswer(userMessage, turns), 201)
      if (posted.transport === 'sse') {
        const lastEventId = headers['last-event-id']
        return streamTurnEvents(c, deps, { turns, userMessage, lastEventId })
      }
      const { results, isComplete } = await waitForTurns(deps, turns, c.req.raw.signal)
      const answered = toAnswer(userMessage, results)
      const agentResponse = answered.turns[0]?.agentResponse ?? null
      return c.json({ ...answered, agentResponse }, isComplete ? 201 : 202)
    })
    .openapi(listMessages, async (c) => {
      const { channelId } = c.req.valid('param')
      const messages = await deps.messages.list(channelId, c.req.valid('query'))
      const data = { messages: messages.map((message) => toWireMessage(message)) }
      return c.json({ success: true as const, data }, 200)
    })
