import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { ResolvedModel } from '../../agent/models.ts'
import { createModelRouter } from '../../models/router.ts'
import { type StubOpenai, startStubOpenai } from '../support/stub-openai.ts'
import { quietly, REQUEST } from './vendor-conformance.ts'

const named = ({ vendor, model }: ResolvedModel) => [vendor.name, model]

describe('the choice of a model', () => {
  it('is the built-in ELIZA when nothing is set, and says so', () => {
    const router = createModelRouter({})
    expect(named(router.resolve('TEXT_LARGE', {}))).toEqual(['eliza', 'eliza'])
    expect(router.describe()).toEqual({ vendor: 'eliza', model: 'eliza', isBuiltIn: true })
  })

  it('is ELIZA when settings are empty texts or no texts', () => {
    const router = createModelRouter({ openaiApiKey: ' ', openaiBaseUrl: '' })
    const settings = { OPENAI_API_KEY: '', OPENAI_BASE_URL: 7, secrets: null }
    expect(named(router.resolve('TEXT_LARGE', settings))).toEqual(['eliza', 'eliza'])
  })

  it.each([{ openaiApiKey: 'sk-env' }, { openaiBaseUrl: 'http://127.0.0.1:9/v1' }])(
    'is OpenAI’s wire when either a key or an address is set: %p',
    (options) => {
      const router = createModelRouter(options)
      expect(router.resolve('TEXT_LARGE', {}).vendor.name).toBe('openai')
      expect(router.describe()).toMatchObject({ vendor: 'openai', isBuiltIn: false })
    },
  )

  it('has a small and a large default model', () => {
    const router = createModelRouter({ openaiApiKey: 'sk-env' })
    const small = router.resolve('TEXT_SMALL', {}).model
    const large = router.resolve('TEXT_LARGE', {}).model
    expect(small).not.toBe(large)
    expect([small, large].every((model) => model.startsWith('gpt-'))).toBe(true)
  })

  it('takes the model from the agent’s settings, then from the environment', () => {
    const router = createModelRouter({ openaiApiKey: 'sk-env', openaiLargeModel: 'env-large' })
    const large = (settings: object) => router.resolve('TEXT_LARGE', { ...settings }).model
    expect(large({})).toBe('env-large')
    expect(large({ LARGE_MODEL: 'own-large' })).toBe('own-large')
    expect(large({ LARGE_MODEL: 'own-large', OPENAI_LARGE_MODEL: 'own-openai' })).toBe('own-openai')
    expect(large({ secrets: { OPENAI_LARGE_MODEL: 'secret-large' } })).toBe('secret-large')
    expect(router.describe().model).toBe('env-large')
  })

  it('uses the one model that is named for both purposes on another endpoint than OpenAI’s', () => {
    const options = { openaiBaseUrl: 'http://127.0.0.1:9/v1', openaiLargeModel: 'the-only-one' }
    expect(createModelRouter(options).resolve('TEXT_SMALL', {}).model).toBe('the-only-one')
    const own = createModelRouter({ openaiApiKey: 'sk-env', openaiLargeModel: 'big' })
    expect(own.resolve('TEXT_SMALL', {}).model).not.toBe('big')
  })

  it('keeps one client per key and address, and not for ever', () => {
    const router = createModelRouter({})
    const resolve = (key: string) => router.resolve('TEXT_LARGE', { OPENAI_API_KEY: key }).vendor
    const first = resolve('sk-0')
    expect(resolve('sk-0')).toBe(first)
    for (let i = 1; i <= 100; i++) resolve(`sk-${i}`)
    expect(resolve('sk-0')).not.toBe(first)
  })

  it('refuses an address that an agent’s settings spell wrongly, naming the setting', () => {
    const router = createModelRouter({})
    expect(() => router.resolve('TEXT_LARGE', { OPENAI_BASE_URL: 'nonsense' })).toThrow(
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

  const call = async (options: object, settings: Record<string, unknown>) => {
    const { vendor, model } = createModelRouter(options).resolve('TEXT_LARGE', settings)
    await vendor.generate({ ...REQUEST, model }, quietly())
    return stub.requests().at(-1)?.authorization
  }

  it('is the environment’s, unless the agent has its own', async () => {
    const options = { openaiBaseUrl: stub.url, openaiApiKey: 'sk-env' }
    expect(await call(options, {})).toBe('Bearer sk-env')
    expect(await call(options, { OPENAI_API_KEY: ' sk-own\n' })).toBe('Bearer sk-own')
    expect(await call(options, { secrets: { OPENAI_API_KEY: 'sk-own' } })).toBe('Bearer sk-own')
  })

  it('is a placeholder where an address is set without a key', async () => {
    expect(await call({ openaiBaseUrl: stub.url }, {})).toBe('Bearer none')
  })

  it('is never the environment’s at an address that the agent’s settings name', async () => {
    const options = { openaiApiKey: 'sk-env' }
    expect(await call(options, { OPENAI_BASE_URL: stub.url })).toBe('Bearer none')
  })
})
