import { describe, expect, it } from '@jest/globals'
import { createApp } from '../../api/app.ts'
import { stringToUuid } from '../../schema/ids.ts'
import { createFakeApi } from '../support/fake-api-deps.ts'
import { json } from '../support/json-request.ts'

const ISO = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/

async function appWithAgent() {
  const { deps } = createFakeApi()
  const app = createApp(deps)
  await app.request('/api/agents', json({ characterJson: { name: 'Ada', bio: 'Kind.' } }))
  return { app, deps, start: () => deps.agents.start(stringToUuid('Ada')) }
}

describe('probes', () => {
  it('learn that the process lives', async () => {
    const { app } = await appWithAgent()
    const response = await app.request('/healthz')
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ status: 'ok', timestamp: expect.stringMatching(ISO) })
  })

  it('learn what is missing, with 503', async () => {
    const { deps } = createFakeApi()
    const checks = [
      { name: 'postgres', ok: true },
      { name: 'worker', ok: false, reason: 'No worker polls the task queue.' },
    ] as const
    const readiness = async () => ({ ready: false, checks })
    const app = createApp({ ...deps, status: { ...deps.status, readiness } })
    const response = await app.request('/readyz')
    expect(response.status).toBe(503)
    expect(await response.json()).toEqual({ ready: false, checks })
  })

  it('learn that all is there, with 200', async () => {
    const { app } = await appWithAgent()
    expect((await app.request('/readyz')).status).toBe(200)
  })
})

describe('the server', () => {
  it('says how many agents are active, and that only ELIZA answers', async () => {
    const { app, start } = await appWithAgent()
    await start()
    const response = await app.request('/api/server/status')
    expect(await response.json()).toEqual({
      status: 'ok',
      agentCount: 1,
      timestamp: expect.stringMatching(ISO),
      model: {
        vendor: 'eliza',
        model: 'eliza',
        isBuiltIn: true,
        fallbacks: [],
        note: expect.stringMatching(/built-in.*ELIZA.*OPENAI_API_KEY/),
      },
    })
  })

  it('says no such thing of a real model', async () => {
    const { deps } = createFakeApi()
    const openai = { vendor: 'openai', model: 'gpt', isBuiltIn: false, fallbacks: ['groq/llama'] }
    const model = async () => openai
    const app = createApp({ ...deps, status: { ...deps.status, model } })
    const status = (await (await app.request('/api/server/status')).json()) as { model: object }
    expect(status.model).toEqual(openai)
  })

  it('is healthy with an active agent, as ElizaOS has it', async () => {
    const { app, start } = await appWithAgent()
    const before = await app.request('/api/server/health')
    expect(before.status).toBe(503)
    expect(await before.json()).toMatchObject({ dependencies: { agents: 'no_agents' } })
    await start()
    const after = await app.request('/api/server/health')
    expect(after.status).toBe(200)
    expect(await after.json()).toMatchObject({
      status: 'OK',
      version: '1.2.3',
      dependencies: { agents: 'healthy' },
    })
  })

  it('answers pings and tells its version', async () => {
    const { app } = await appWithAgent()
    expect(await (await app.request('/api/server/ping')).json()).toMatchObject({ pong: true })
    expect(await (await app.request('/api/system/version')).json()).toEqual({
      version: '1.2.3',
      source: 'turnkeeper',
      timestamp: expect.stringMatching(ISO),
      environment: 'production',
      uptime: expect.any(Number),
    })
  })
})
