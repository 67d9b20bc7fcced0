import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createModelRouter } from '../../models/router.ts'
import { type StubOpenai, startStubOpenai } from '../support/stub-openai.ts'
import { chainOf, firstOf, OPENAI, type Settings } from './chain-of.ts'
import { quietly, REQUEST } from './vendor-conformance.ts'

describe('what comes with a model', () => {
  it('is how its answers are sampled: by type, by default, by ElizaOS’s old names', async () => {
    const environment = { ...OPENAI, DEFAULT_TEMPERATURE: '0.2', MODEL_MAX_TOKEN: '900' }
    expect((await firstOf(environment)).sampling).toEqual({ temperature: 0.2, maxTokens: 900 })
    const own = { TEXT_LARGE_TEMPERATURE: 0.9, DEFAULT_TOP_P: '0.5', secrets: {} }
    expect((await firstOf(environment, own)).sampling).toEqual({
      ...{ temperature: 0.9, topP: 0.5, maxTokens: 900 },
    })
  })

  it.each([
    ['TEXT_LARGE_TEMPERATURE', 'warm'],
    ['TEXT_LARGE_TOP_P', '1.5'],
    ['DEFAULT_MAX_TOKENS', '0'],
    ['TEXT_LARGE_SEED', '1e3'],
  ])('is no %s of %s: that is refused with its name', async (name, value) => {
    await expect(chainOf(OPENAI, { [name]: value })).rejects.toMatchObject({
      code: 'model_not_configured',
      message: expect.stringContaining(`${name} is '${value}' in the agent's settings`),
    })
  })

  it('is its account, of which the key cannot be read, its host and its limits', async () => {
    const environment = { ...OPENAI, OPENAI_REQUESTS_PER_MINUTE: '60' }
    const outer = await firstOf(environment)
    expect(outer).toMatchObject({
      ...{ host: 'api.openai.com', limits: { requestsPerMinute: 60, maxConcurrent: 32 } },
      account: expect.stringMatching(/^[0-9a-f]{16}$/),
    })
    const own = { OPENAI_API_KEY: 'sk-own', OPENAI_MAX_CONCURRENT: '2' }
    const inner = await firstOf(environment, own)
    expect(inner.limits).toEqual({ maxConcurrent: 2 })
    expect(inner.account).not.toBe(outer.account)
  })

  it('is no limit of an agent’s own for the key of the environment', async () => {
    const settings = { OPENAI_REQUESTS_PER_MINUTE: '1000000' }
    expect((await firstOf(OPENAI, settings)).limits).toEqual({ maxConcurrent: 32 })
  })

  it('is what is known about it', async () => {
    const { card } = await firstOf({ ...OPENAI, OPENAI_LARGE_MODEL: 'gpt-4o-2024-08-06' })
    expect(card).toMatchObject({ contextTokens: 128_000, price: { input: 2.5, output: 10 } })
  })
})

describe('the client of a vendor', () => {
  it('is one per key and address, and is not kept for ever', async () => {
    const router = createModelRouter({ modelSettings: {} })
    const vendorOf = async (key: string) => {
      const [model] = await router.chain('TEXT_LARGE', {
        settings: { OPENAI_API_KEY: key },
        models: [],
      })
      return model?.vendor
    }
    const first = await vendorOf('sk-0')
    expect(await vendorOf('sk-0')).toBe(first)
    for (let i = 1; i <= 100; i++) await vendorOf(`sk-${i}`)
    expect(await vendorOf('sk-0')).not.toBe(first)
  })

  it('refuses an address that an agent’s settings spell wrongly, naming the setting', async () => {
    await expect(chainOf({}, { OPENAI_BASE_URL: 'nonsense' })).rejects.toThrow(
      /OPENAI_BASE_URL is 'nonsense'/,
    )
  })
})

describe('the key that a call carries', () => {
  let stub: StubOpenai
  beforeEach(async () => {
    stub = await startStubOpenai()
  })
  afterEach(() => stub.close())

  const call = async (environment: Record<string, string>, settings: Settings) => {
    const { vendor, model } = await firstOf(environment, settings)
    await vendor.generate({ ...REQUEST, model }, quietly())
    return stub.requests().at(-1)?.authorization
  }

  it('is the environment’s, unless the agent has its own', async () => {
    const environment = { OPENAI_BASE_URL: stub.url, OPENAI_API_KEY: 'sk-env' }
    expect(await call(environment, {})).toBe('Bearer sk-env')
    expect(await call(environment, { OPENAI_API_KEY: ' sk-own\n' })).toBe('Bearer sk-own')
    expect(await call(environment, { secrets: { OPENAI_API_KEY: 'sk-own' } })).toBe('Bearer sk-own')
  })

  it('is a placeholder where an address is set without a key', async () => {
    expect(await call({ OPENAI_BASE_URL: stub.url }, {})).toBe('Bearer none')
  })

  it('is never the environment’s at an address that the agent’s settings name', async () => {
    const environment = { OPENAI_API_KEY: 'sk-env' }
    expect(await call(environment, { OPENAI_BASE_URL: stub.url })).toBe('Bearer none')
  })
})
