import { describe, expect, it } from '@jest/globals'
import { UnavailableError } from '../../agent/errors.ts'
import { createApp } from '../../api/app.ts'
import { createFakeApi } from '../support/fake-api-deps.ts'
import { fakeModels, MODELS_OVERVIEW } from '../support/fake-models.ts'

describe('GET /api/models', () => {
  it('shows who answers, open breakers, and how far limits are used', async () => {
    const response = await createApp(createFakeApi().deps).request('/api/models')
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ success: true, data: MODELS_OVERVIEW })
  })

  it('says 503 when Postgres is away', async () => {
    const overview = async () => {
      throw new UnavailableError('Postgres cannot be reached.')
    }
    const { deps } = createFakeApi({}, { models: { ...fakeModels(), overview } })
    expect((await createApp(deps).request('/api/models')).status).toBe(503)
  })
})

describe('GET /metrics', () => {
  it('answers in the format of Prometheus', async () => {
    const response = await createApp(createFakeApi().deps).request('/metrics')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(await response.text()).toContain('# HELP turnkeeper_model_calls_total')
  })

  it.each(['/metrics', '/api/models'])(
    'wants the key at %s when the server has one',
    async (path) => {
      const app = createApp(createFakeApi({ authToken: 'secret' }).deps)
      expect((await app.request(path)).status).toBe(401)
      const headers = { authorization: 'Bearer secret' }
      expect((await app.request(path, { headers })).status).toBe(200)
    },
  )
})
