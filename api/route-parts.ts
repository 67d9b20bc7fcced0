import type { z } from '@hono/zod-openapi'
import { eventText, failure, messagingFailure } from '../schema/api-answers.ts'

/** A JSON answer of a route, for the OpenAPI document and for the types of the client. */
export const answer = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})

/** A JSON body that must be there. */
export const body = <Schema extends z.ZodType>(schema: Schema) => ({
  required: true as const,
  content: { 'application/json': { schema } },
})

/** A JSON body that may be left out. */
export const optionalBody = <Schema extends z.ZodType>(schema: Schema) => ({
  required: false as const,
  content: { 'application/json': { schema } },
})

const WHY = {
  400: 'The request cannot be understood; the message names the field.',
  403: 'The program that serves this API turned the request away.',
  404: 'There is no such thing.',
  409: 'The state of things does not allow it.',
  413: 'The body is too large.',
  422: 'The idempotency key was used with another body.',
  429: 'The agent takes no more messages in this minute. Nothing was written; see Retry-After.',
  503: 'Postgres or Temporal cannot be reached. Nothing was written; see Retry-After.',
}
type Status = keyof typeof WHY

const refusals = <Schema extends z.ZodType, const Statuses extends readonly Status[]>(
  schema: Schema,
  statuses: Statuses,
) =>
  // `fromEntries` forgets the keys; they are exactly the statuses.
  Object.fromEntries(statuses.map((status) => [status, answer(schema, WHY[status])])) as {
    [S in Statuses[number]]: ReturnType<typeof answer<Schema>>
  }

/** Failures in the envelope of agents and turns. */
export const failures = <const Statuses extends readonly Status[]>(...statuses: Statuses) =>
  refusals(failure, statuses)

/** Failures in the envelope of messaging. */
export const messagingFailures = <const Statuses extends readonly Status[]>(
  ...statuses: Statuses
) => refusals(messagingFailure, statuses)

/** Server-sent events. Each has the id to send as `Last-Event-ID`; `user_message` needs none. */
export const eventStream = (description: string) => ({
  description,
  content: { 'text/event-stream': { schema: eventText } },
})
