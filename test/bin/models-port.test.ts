import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createModelsPort } from '../../bin/api/models.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { createBreakers } from '../../limits/breakers.ts'
import { createRateLimits } from '../../limits/rates.ts'
import { createModelRouter } from '../../models/router.ts'
import { modelsOverview } from '../../schema/models-api.ts'
import { openTestPglite } from '../support/databases.ts'

describe('what the API says about models', () => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await openTestPglite()
  })
  afterAll(() => database.close())

  it('is what breakers and rate limits of all processes did, and what this one does', async () => {
    const { db } = database
    const target = {
      ...{ vendor: { name: 'openai' }, host: 'api.openai.test', model: 'm', account: 'k' },
      limits: { maxConcurrent: 4, requestsPerMinute: 60 },
    }
    const [breakers, rates] = [createBreakers({ db }), createRateLimits({ db })]
    for (let n = 0; n < 5; n += 1) {
      await breakers.report(target, 'failure', { errorCode: 'model_unavailable' })
    }
    const { signal } = new AbortController()
    await rates.enter({ target, agentId: 'a', roomId: 'r', tokens: 5, signal })
    const described = { vendor: 'openai', model: 'm', isBuiltIn: false, fallbacks: [] }
    const models = {
      chain: async () => [],
      describe: async () => described,
    }
    const port = createModelsPort({ db, models, rates })
    const overview = await port.overview()
    expect(modelsOverview.parse(overview)).toEqual(overview)
    expect(overview).toMatchObject({
      ...described,
      breakers: [{ model: 'm', state: 'open', openings: 1, errorCode: 'model_unavailable' }],
      rates: [{ account: 'k', requestsPerMinute: 60, tokensPerMinute: null, pausedUntil: null }],
      here: [{ account: 'k', running: 1, waiting: 0, maxConcurrent: 4 }],
    })
    const { text } = await port.metrics()
    expect(text).toContain(
      'turnkeeper_model_breaker_state{vendor="openai",host="api.openai.test",model="m"} 2',
    )
    expect(text).toContain(
      'turnkeeper_model_slots_used{vendor="openai",host="api.openai.test",account="k"} 1',
    )
    await Promise.all([breakers.close(), rates.close()])
  })

  it('is also said while the default model is misconfigured, with what is wrong about it', async () => {
    const { db } = database
    const rates = createRateLimits({ db })
    const models = createModelRouter({ modelSettings: { MODEL_VENDOR: 'groq' } })
    const overview = await createModelsPort({ db, models, rates }).overview()
    expect(modelsOverview.parse(overview)).toEqual(overview)
    expect(overview).toMatchObject({ vendor: '', model: '', breakers: [{ state: 'open' }] })
    expect(overview.problem).toContain('GROQ_API_KEY')
    await rates.close()
  })
})
