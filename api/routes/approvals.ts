import { createRoute, OpenAPIHono, type z } from '@hono/zod-openapi'
import { messageHeaders } from '../../schema/api.ts'
import { envelope } from '../../schema/api-answers.ts'
import * as approvals from '../../schema/approval-api.ts'
import type { ApiDeps } from '../deps.ts'
import { answer, body, failures } from '../route-parts.ts'

const tags = ['Approvals']

const list = createRoute({
  method: 'get',
  path: '/',
  tags,
  summary: 'List actions that wait, or waited, for approval, newest first',
  request: { query: approvals.approvalsQuery },
  responses: {
    200: answer(envelope(approvals.approvalList), 'The approvals.'),
    ...failures(400, 503),
  },
})

const show = createRoute({
  method: 'get',
  path: '/{approvalId}',
  tags,
  summary: 'Show an approval: what is asked, and who answered what when',
  request: { params: approvals.approvalParams },
  responses: {
    200: answer(envelope(approvals.approval), 'The approval.'),
    ...failures(400, 404, 503),
  },
})

const give = createRoute({
  method: 'post',
  path: '/{approvalId}/answer',
  tags,
  summary: 'Approve or deny; the parked turn is queued again',
  description: 'The same answer twice is one answer. Another one than the first gets 409.',
  request: {
    params: approvals.approvalParams,
    headers: messageHeaders.pick({ 'x-entity-id': true }),
    body: body(approvals.answerApprovalBody),
  },
  responses: {
    200: answer(envelope(approvals.approval), 'It is answered.'),
    ...failures(400, 404, 409, 413, 503),
  },
})

type Approval = z.infer<typeof approvals.approval>

export const createApprovalRoutes = (deps: ApiDeps) =>
  new OpenAPIHono()
    .openapi(list, async (c) => {
      const data: z.infer<typeof approvals.approvalList> = await deps.approvals.list(
        c.req.valid('query'),
      )
      return c.json({ success: true as const, data }, 200)
    })
    .openapi(show, async (c) => {
      const data: Approval = await deps.approvals.get(c.req.valid('param').approvalId)
      return c.json({ success: true as const, data }, 200)
    })
    .openapi(give, async (c) => {
      const { by = c.req.valid('header')['x-entity-id'] ?? 'api', ...given } = c.req.valid('json')
      const { approvalId } = c.req.valid('param')
      const data: Approval = await deps.approvals.answer(approvalId, { ...given, by })
      return c.json({ success: true as const, data }, 200)
    })
