import { describe, expect, it } from '@jest/globals'
import type { ModelHandler, ModelPurpose } from '../../agent/models.ts'
import { createModelRouter } from '../../models/router.ts'
import { ANTHROPIC, chainOf, firstOf, GROQ, namesOf, OPENAI, type Settings } from './chain-of.ts'

describe('the vendor that is asked', () => {
  it('is the built-in ELIZA when it is named, and it says that it is built in', async () => {
    const router = createModelRouter({ modelSettings: { MODEL_VENDOR: 'eliza' } })
    expect(await router.describe()).toEqual({
      ...{ vendor: 'eliza', model: 'eliza', isBuiltIn: true },
      fallbacks: [],
    })
  })

  it.each([
    ['a key', OPENAI],
    ['an address', { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' }],
  ])('speaks OpenAI’s wire when %s is set', async (_, environment) => {
    const router = createModelRouter({ modelSettings: environment })
    expect(await router.describe()).toMatchObject({ vendor: 'openai', isBuiltIn: false })
  })

  it('is the first in ElizaOS’s order that has a key; the others stand behind it', async () => {
    const environment = {
      ...{ XAI_API_KEY: 'x', GOOGLE_API_KEY: 'g', ...OPENAI, ...GROQ, ...ANTHROPIC },
      OPENROUTER_API_KEY: 'o',
    }
    const chain = await chainOf(environment)
    expect(chain.map(({ vendor }) => vendor.name)).toEqual([
      ...['anthropic', 'openrouter', 'openai', 'google', 'xai', 'groq'],
    ])
  })

  it.each([
    ['GOOGLE_GENERATIVE_AI_API_KEY', 'google'],
    ['GEMINI_API_KEY', 'google'],
    ['GROK_API_KEY', 'xai'],
    ['OPENROUTER_API_KEY', 'openrouter'],
  ])('is found by %s', async (name, vendor) => {
    expect((await firstOf({ [name]: 'key' })).vendor.name).toBe(vendor)
  })

  it('is the one whose key the agent brings, before all of the environment’s', async () => {
    expect(await namesOf(ANTHROPIC, { GROQ_API_KEY: 'gsk_own' })).toEqual([
      expect.stringMatching(/^groq\//),
      expect.stringMatching(/^anthropic\//),
    ])
  })

  it('is the one that is named, for the purpose before for all, by the agent before the environment', async () => {
    const environment = { ...ANTHROPIC, ...OPENAI, ...GROQ, MODEL_VENDOR: 'groq' }
    const vendorOf = async (settings: Settings, purpose?: ModelPurpose) =>
      (await firstOf(environment, settings, purpose)).vendor.name
    expect(await vendorOf({})).toBe('groq')
    expect(await vendorOf({ MODEL_VENDOR: 'openai' })).toBe('openai')
    expect(await vendorOf({ MODEL_VENDOR: 'openai', TEXT_LARGE_VENDOR: 'anthropic' })).toBe(
      'anthropic',
    )
    expect(await vendorOf({ TEXT_LARGE_VENDOR: 'anthropic' }, 'TEXT_SMALL')).toBe('groq')
    expect(await vendorOf({ model: { provider: 'openai' } })).toBe('openai')
  })

  it('may be named together with a model, which answers whatever is written', async () => {
    const environment = { ...OPENAI, ...ANTHROPIC, MODEL_VENDOR: 'openai/gpt-4.1' }
    expect((await namesOf(environment))[0]).toBe('openai/gpt-4.1')
    expect((await namesOf(environment, {}, 'OBJECT_SMALL'))[0]).toBe('openai/gpt-4.1')
    expect((await namesOf(environment, {}, 'IMAGE_DESCRIPTION'))[0]).not.toBe('openai/gpt-4.1')
    const openrouter = { OPENROUTER_API_KEY: 'o', MODEL_VENDOR: 'openrouter/x-ai/grok-4.3' }
    expect(await namesOf(openrouter)).toEqual(['openrouter/x-ai/grok-4.3'])
  })

  it('is passed over for a purpose that it does not offer', async () => {
    const environment = { ...ANTHROPIC, ...OPENAI, MODEL_VENDOR: 'anthropic' }
    expect(await namesOf(environment, {}, 'TRANSCRIPTION')).toEqual([
      'openai/gpt-4o-mini-transcribe',
    ])
  })

  it('cannot be one without a key, nor one whose key cannot be used', async () => {
    await expect(chainOf({ ...OPENAI, MODEL_VENDOR: 'anthropic' })).rejects.toMatchObject({
      ...{ code: 'model_not_configured', retryable: false },
      message:
        'MODEL_VENDOR names Anthropic, and ANTHROPIC_API_KEY is not set. Set it, or name another vendor.',
    })
    await expect(chainOf({ ...GROQ, OPENAI_API_KEY: 'sk 1' })).rejects.toThrow(
      'OPENAI_API_KEY contains a space',
    )
  })

  it('cannot be one that nobody knows', async () => {
    await expect(chainOf(OPENAI, { MODEL_VENDOR: 'acme' })).rejects.toThrow(
      /MODEL_VENDOR is 'acme', which names no vendor/,
    )
  })

  it('is nobody for a purpose that no configured vendor offers: the keys that would help are named', async () => {
    await expect(chainOf(ANTHROPIC, {}, 'TRANSCRIPTION')).rejects.toMatchObject({
      code: 'model_not_configured',
      message: expect.stringMatching(
        /TRANSCRIPTION.*OPENAI_API_KEY, GOOGLE_GENERATIVE_AI_API_KEY, GROQ_API_KEY/,
      ),
    })
    const strict = { ...ANTHROPIC, ...OPENAI, TRANSCRIPTION_VENDOR: 'anthropic' }
    await expect(chainOf(strict, {}, 'TRANSCRIPTION')).rejects.toThrow(
      /TRANSCRIPTION_VENDOR names Anthropic, which offers no TRANSCRIPTION/,
    )
  })

  it('is not the built-in ELIZA for what it cannot do', async () => {
    const environment = { MODEL_VENDOR: 'eliza' }
    await expect(chainOf(environment, {}, 'TRANSCRIPTION')).rejects.toThrow(/OPENAI_API_KEY/)
  })
})

describe('who answers when a vendor fails', () => {
  const environment = { ...ANTHROPIC, ...OPENAI, ...GROQ }
  const vendorsOf = async (settings: Settings, more: Record<string, string> = {}) =>
    (await chainOf({ ...environment, ...more }, settings)).map(({ vendor }) => vendor.name)

  it('can be chosen by the agent or by the environment, and turned off', async () => {
    const more = { TURNKEEPER_MODEL_FALLBACKS: 'groq' }
    expect(await vendorsOf({}, more)).toEqual(['anthropic', 'groq'])
    expect(await vendorsOf({ modelFallbacks: ['openai/gpt-4.1', 'groq'] }, more)).toEqual([
      ...['anthropic', 'openai', 'groq'],
    ])
    expect(await vendorsOf({ modelFallbacks: 'none' }, more)).toEqual(['anthropic'])
  })

  it('is never ELIZA unless it is named', async () => {
    expect(await vendorsOf({})).not.toContain('eliza')
    expect(await vendorsOf({ modelFallbacks: 'eliza' })).toEqual(['anthropic', 'eliza'])
  })

  it('is nobody for embeddings: vectors of two models cannot be compared', async () => {
    const two = { ...OPENAI, GOOGLE_API_KEY: 'g' }
    expect(await namesOf(two, {}, 'TEXT_EMBEDDING')).toEqual(['openai/text-embedding-3-small'])
    expect(await namesOf(two, { modelFallbacks: 'google' }, 'TEXT_EMBEDDING')).toHaveLength(1)
  })

  it.each([
    [
      'is named without a key',
      { TURNKEEPER_MODEL_FALLBACKS: 'google' },
      'names Google Gemini, and',
    ],
    [
      'is named with a key that has a blank',
      { TURNKEEPER_MODEL_FALLBACKS: 'google,groq', GOOGLE_API_KEY: 'g canary' },
      'GOOGLE_GENERATIVE_AI_API_KEY contains a space',
    ],
    ['has a key with a blank', { XAI_API_KEY: 'x canary' }, 'XAI_API_KEY contains a space'],
    ['has a bad address', { XAI_BASE_URL: 'nonsense' }, "XAI_BASE_URL is 'nonsense'"],
    [
      'is nobody that is known',
      { TURNKEEPER_MODEL_FALLBACKS: 'acme' },
      "is 'acme', which names no",
    ],
  ])(
    'is not one that %s: it is left out, and told on the status page',
    async (_, more, problem) => {
      const modelSettings = { ...OPENAI, ...GROQ, ...more }
      const others = 'TURNKEEPER_MODEL_FALLBACKS' in more ? more.TURNKEEPER_MODEL_FALLBACKS : 'groq'
      expect((await chainOf(modelSettings)).map(({ vendor }) => vendor.name)).toEqual([
        ...['openai', ...(others.includes('groq') ? ['groq'] : [])],
      ])
      const { problems } = await createModelRouter({ modelSettings }).describe()
      expect(problems).toEqual([expect.stringContaining(problem)])
      expect(JSON.stringify(problems)).not.toContain('canary')
    },
  )

  it('is told on the status page', async () => {
    const router = createModelRouter({ modelSettings: { ...OPENAI, ...GROQ } })
    expect(await router.describe()).toMatchObject({
      vendor: 'openai',
      fallbacks: ['groq/openai/gpt-oss-120b'],
    })
    expect(await router.describe()).not.toHaveProperty('problems')
  })
})

describe('a plugin’s own model', () => {
  const handlerOf = (plugin: string, priority: number): ModelHandler => ({
    ...{ plugin, priority, purpose: 'TEXT_LARGE' },
    handler: async () => 'text',
  })

  it('stands before the vendors, behind them when its priority is below 0', async () => {
    const handlers = [handlerOf('first', 5), handlerOf('second', 0), handlerOf('last', -1)]
    expect(await namesOf(GROQ, {}, 'TEXT_LARGE', handlers)).toEqual([
      'plugin:first/TEXT_LARGE',
      'plugin:second/TEXT_LARGE',
      'groq/openai/gpt-oss-120b',
      'plugin:last/TEXT_LARGE',
    ])
    expect(await namesOf(GROQ, {}, 'TEXT_SMALL', handlers)).toEqual(['groq/openai/gpt-oss-20b'])
  })

  it('has slots and a breaker of its plugin; ELIZA has none', async () => {
    const [plugin] = await chainOf(GROQ, {}, 'TEXT_LARGE', [handlerOf('@acme/models', 5)])
    expect(plugin).toMatchObject({ host: 'plugin:@acme/models', limits: { maxConcurrent: 32 } })
    expect((await firstOf({ MODEL_VENDOR: 'eliza' })).host).toBe('')
  })

  it('gives way to a vendor that is named, and can be named itself', async () => {
    const handlers = [handlerOf('@acme/models', 5)]
    const named = await namesOf(GROQ, { MODEL_VENDOR: 'groq' }, 'TEXT_LARGE', handlers)
    expect(named[0]).toMatch(/^groq/)
    const itself = { MODEL_VENDOR: 'plugin:@acme/models', modelFallbacks: 'none' }
    expect(await namesOf(GROQ, itself, 'TEXT_LARGE', handlers)).toEqual([
      'plugin:@acme/models/TEXT_LARGE',
    ])
  })

  it('is passed over, where its plugin is named, for a purpose that it does not offer', async () => {
    const handlers = [handlerOf('acme', 5)]
    const small = (settings: Settings) => namesOf(GROQ, settings, 'TEXT_SMALL', handlers)
    expect(await small({ MODEL_VENDOR: 'plugin:acme' })).toEqual(['groq/openai/gpt-oss-20b'])
    expect(await small({ modelFallbacks: ['plugin:acme'] })).toHaveLength(1)
    const strict = { TEXT_SMALL_VENDOR: 'plugin:acme' }
    await expect(small(strict)).rejects.toThrow("TEXT_SMALL_VENDOR names 'plugin:acme'")
    await expect(small({ MODEL_VENDOR: 'plugin:other' })).rejects.toThrow('has no such plugin')
  })
})
