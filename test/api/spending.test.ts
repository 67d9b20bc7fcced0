import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { type ApiApp, createApp } from '../../api/app.ts'
import { parseCharacter } from '../../schema/character.ts'
import { createFakeApi } from '../support/fake-api-deps.ts'

let app: ApiApp
let agentId: string

beforeEach(async () => {
  const fake = createFakeApi()
  app = createApp(fake.deps)
  const agent = await fake.deps.agents.create(parseCharacter({ name: 'Ada', bio: 'x' }, 'a test'))
  agentId = agent.id
})

const ask = async (query = '', id = agentId) => {
  const response = await app.request(`/api/agents/${id}/spending${query}`)
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const daysBetween = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 86_400_000

describe('the spending of an agent', () => {
  it('is that of the last 30 days by day, with totals and budgets', async () => {
    const { status, body } = await ask()
    const today = new Date().toISOString().slice(0, 10)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      success: true,
      data: { agentId, to: today, groupBy: 'day', totals: { cost: 0.25, unpricedCalls: 1 } },
    })
    const { from, to, budgets } = body.data as { from: string; to: string; budgets: object[] }
    expect(daysBetween(from, to)).toBe(29)
    expect(budgets).toMatchObject([{ per: 'agent', counts: [{ id: agentId, used: 0.25 }] }])
  })

  it('is that of the days and by what is asked for', async () => {
    const { body } = await ask('?from=2026-05-01&to=2026-05-31&groupBy=model')
    expect(body.data).toMatchObject({ from: '2026-05-01', to: '2026-05-31', groupBy: 'model' })
    const { body: until } = await ask('?to=2026-05-30')
    expect(until.data).toMatchObject({ from: '2026-05-01' })
  })

  it.each([
    ['?groupBy=week', 'groupBy', 'day, model, room, user'],
    ['?from=yesterday', 'from', 'like 2026-05-31'],
    ['?to=2026-02-30', 'to', 'like 2026-05-31'],
    ['?from=2026-05-02&to=2026-05-01', 'from', 'must not be after'],
    ['?from=2024-01-01&to=2026-05-01', 'from', 'at most 366 days'],
    ['?from=0000-01-01&to=0000-02-01', 'from', 'must not be before 2000-01-01'],
    ['?from=1999-12-31', 'from', 'must not be before 2000-01-01'],
    ['?to=0001-01-01', 'to', 'must not be before 2000-01-01'],
  ])('refuses %s, and says what to send', async (query, path, words) => {
    const { status, body } = await ask(query)
    expect(status).toBe(400)
    expect(body).toMatchObject({ error: { details: { path } } })
    expect(JSON.stringify(body)).toContain(words)
  })

  it('is nobody’s where there is no such agent', async () => {
    expect((await ask('', randomUUID())).status).toBe(404)
  })
})
