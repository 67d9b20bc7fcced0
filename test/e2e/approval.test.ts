import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { Plugin } from '../../agent/plugin.ts'
import type { JsonObject } from '../../schema/json.ts'
import { type ApprovalApi, startApprovalApi } from '../support/approval-api.ts'
import { until } from './until.ts'

const ordered: JsonObject[] = []

const PIZZERIA: Plugin = {
  name: 'pizzeria',
  description: 'Orders pizza.',
  actions: [
    {
      ...{ name: 'ORDER', description: 'Orders a pizza.', effect: 'once' },
      parameters: [{ name: 'size', description: 'small or large', required: true }],
      requiresApproval: ({ size }) => size === 'large',
      approvableBy: 'anyone',
      approvalQuestion: ({ size }) => `Shall I order a ${size} pizza?`,
      handler: async ({ parameters, say }) => {
        ordered.push(parameters)
        say({ text: 'It is ordered.' })
        return { success: true }
      },
    },
  ],
}

const xml = (actions: string, params: object, text: string) =>
  `<response><thought>t</thought><actions>${actions}</actions>` +
  `<params>${JSON.stringify(params)}</params><text>${text}</text></response>`

let api: ApprovalApi
let channel: string
beforeAll(async () => {
  api = await startApprovalApi([PIZZERIA])
})
afterAll(() => api.close())
beforeEach(() => {
  ordered.length = 0
  channel = randomUUID()
})

const authorId = randomUUID()
const say = (content: string, more: object = {}) =>
  api.post(`/api/messaging/channels/${channel}/messages`, {
    ...{ author_id: authorId, content, transport: 'http' },
    metadata: { targetAgentId: api.agentId, isDm: true, ...more },
  })
const answers = (text: string) => api.answer(() => ({ kind: 'text', text }))

async function askedFor(): Promise<{ turnId: string; id: string }> {
  answers(xml('ORDER', { ORDER: { size: 'large' } }, 'Let me ask.'))
  const { status, body } = await say('A large pizza!')
  expect(status).toBe(202)
  expect(body).toMatchObject({ agentResponse: { text: 'Let me ask.' } })
  const [turn] = body.turns as { id: string; approval: { id: string; question: string } }[]
  expect(turn?.approval).toMatchObject({ question: 'Shall I order a large pizza?' })
  return { turnId: turn?.id ?? '', id: turn?.approval.id ?? '' }
}
const traceOf = async (turnId: string) =>
  JSON.parse((await api.command('turn', 'show', turnId, '--json')).stdout) as { state: string }
const replied = (turnId: string) =>
  until('the turn has replied', async () => {
    const { state } = await traceOf(turnId)
    return state === 'replied' ? true : undefined
  })

describe('an approval', () => {
  it('is given on the command line', async () => {
    const { turnId, id } = await askedFor()
    expect((await api.command('approval', 'list')).stdout).toContain(id)
    expect((await api.command('approval', 'approve', id)).code).toBe(0)
    await replied(turnId)
    expect(ordered).toEqual([{ size: 'large' }])
    expect((await api.command('approval', 'show', id)).stdout).toContain('approved')
  })

  it('is given by a person who says so: CHOOSE_OPTION', async () => {
    const { turnId, id } = await askedFor()
    const choice = { question: id.slice(0, 8), option: 'approve' }
    answers(xml('CHOOSE_OPTION', { CHOOSE_OPTION: choice }, 'Good.'))
    const { status } = await say('Yes, please.')
    expect(status).toBe(201)
    const asked = api.stub.requests().at(-1)
    expect(JSON.stringify(asked?.body)).toContain(`${id.slice(0, 8)}: Shall I order`)
    await replied(turnId)
    expect(ordered).toEqual([{ size: 'large' }])
  })

  it('is given by a button, whose press waits for what comes of it', async () => {
    const { turnId, id } = await askedFor()
    const { status, body } = await say('Yes', { approval: { id, decision: 'approve' } })
    expect(status).toBe(201)
    expect(body).toMatchObject({ turnId, turn: { state: 'replied' } })
    expect(ordered).toEqual([{ size: 'large' }])
  })

  it('is refused', async () => {
    const { turnId, id } = await askedFor()
    await api.command('approval', 'deny', id, '--comment', 'Too large.')
    await replied(turnId)
    expect(ordered).toEqual([])
  })

  it('is not needed for everything', async () => {
    answers(xml('ORDER', { size: 'small' }, 'At once.'))
    const { status, body } = await say('A small pizza!')
    expect(status).toBe(201)
    expect(body).toMatchObject({ turn: { state: 'replied' } })
    expect(ordered).toEqual([{ size: 'small' }])
  })

  it('falls away with its turn', async () => {
    const { turnId, id } = await askedFor()
    await api.post(`/api/turns/${turnId}/cancel`, {})
    const { code, stderr } = await api.command('approval', 'approve', id)
    expect(code).toBe(1)
    expect(stderr).toContain('its turn has ended')
    expect(await traceOf(turnId)).toMatchObject({ state: 'cancelled' })
    expect(ordered).toEqual([])
  })
})
