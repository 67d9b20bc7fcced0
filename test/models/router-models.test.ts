import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createModelRouter, settingsForModel } from '../../models/router.ts'
import { ANTHROPIC, chainOf, firstOf, GROQ, namesOf, OPENAI, type Settings } from './chain-of.ts'
import { type OllamaList, startOllamaList } from './ollama-list.ts'

/** An address at which no Ollama answers. */
const NOWHERE = 'http://127.0.0.1:9'

describe('the model of a vendor', () => {
  it('has a small and a large default', async () => {
    const small = await firstOf(OPENAI, {}, 'TEXT_SMALL')
    const large = await firstOf(OPENAI)
    expect(small.model).not.toBe(large.model)
    expect([small, large].every(({ model }) => model.startsWith('gpt-'))).toBe(true)
  })

  it('comes from the agent’s settings, then from the environment', async () => {
    const environment = { ...OPENAI, OPENAI_LARGE_MODEL: 'env-large' }
    const large = async (settings: Settings) => (await firstOf(environment, settings)).model
    expect(await large({})).toBe('env-large')
    expect(await large({ LARGE_MODEL: 'own-large' })).toBe('own-large')
    expect(await large({ LARGE_MODEL: 'own-large', OPENAI_LARGE_MODEL: 'own' })).toBe('own')
    expect(await large({ secrets: { OPENAI_LARGE_MODEL: 'secret-large' } })).toBe('secret-large')
    expect(await large({ model: { large: 'member' } })).toBe('member')
    expect(await large({ model: { provider: 'openai', large: 'both' } })).toBe('both')
    expect(await large({ OPENAI_LARGE_MODEL: ' ', model: null })).toBe('env-large')
  })

  it('is the agent’s own also where the environment names vendor and model', async () => {
    const environment = { ...OPENAI, MODEL_VENDOR: 'openai/gpt-4.1' }
    expect((await firstOf(environment, { OPENAI_LARGE_MODEL: 'own' })).model).toBe('own')
  })

  it('is not another vendor’s: a general name holds for the first one only', async () => {
    expect(await namesOf({ ...ANTHROPIC, ...OPENAI, LARGE_MODEL: 'claude-opus-5' })).toEqual([
      'anthropic/claude-opus-5',
      'openai/gpt-5.4',
    ])
  })

  it('is the large one for reasoning when only that is named', async () => {
    const environment = { ...OPENAI, OPENAI_LARGE_MODEL: 'big' }
    expect((await firstOf(environment, {}, 'REASONING_LARGE')).model).toBe('big')
    const both = { ...environment, OPENAI_REASONING_LARGE_MODEL: 'thinker' }
    expect((await firstOf(both, {}, 'REASONING_LARGE')).model).toBe('thinker')
  })

  it('is the one that is named for both sizes on another endpoint than OpenAI’s', async () => {
    const elsewhere = { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1', OPENAI_LARGE_MODEL: 'the-one' }
    expect((await firstOf(elsewhere, {}, 'TEXT_SMALL')).model).toBe('the-one')
    const own = { ...OPENAI, OPENAI_LARGE_MODEL: 'big' }
    expect((await firstOf(own, {}, 'TEXT_SMALL')).model).not.toBe('big')
  })

  it('has to be named for pictures and embeddings on another endpoint than OpenAI’s', async () => {
    const elsewhere = { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' }
    await expect(chainOf(elsewhere, {}, 'TEXT_EMBEDDING')).rejects.toThrow(
      /name the model: OPENAI_EMBEDDING_MODEL/,
    )
    const with3 = { ...elsewhere, OPENAI_EMBEDDING_MODEL: 'nomic' }
    expect((await firstOf(with3, {}, 'TEXT_EMBEDDING')).model).toBe('nomic')
  })

  it('is the one of a fork for everything that is written, and nobody stands in for it', async () => {
    const environment = { ...ANTHROPIC, ...OPENAI, TEXT_SMALL_VENDOR: 'anthropic/claude-opus-5' }
    const own = { model: { provider: 'openai', small: 'a' }, OBJECT_LARGE_VENDOR: 'openai' }
    for (const purpose of [
      'TEXT_SMALL',
      'TEXT_LARGE',
      'REASONING_LARGE',
      'OBJECT_LARGE',
    ] as const) {
      const plain = { ...own, ...settingsForModel('other') }
      expect(
        (await namesOf(environment, plain, purpose)).map((name) => name.split('/')[1]),
      ).toEqual(['other'])
      const both = { ...own, ...settingsForModel('openai/gpt-4.1') }
      expect(await namesOf(environment, both, purpose)).toEqual(['openai/gpt-4.1'])
    }
  })
})

describe('the model of a fork', () => {
  it.each<[string, Record<string, string>, Settings]>([
    ['an OpenAI', {}, {}],
    ['an Ollama besides', { OLLAMA_API_ENDPOINT: NOWHERE, OLLAMA_LARGE_MODEL: 'llama3.3' }, {}],
    ['an Ollama by its model', { OLLAMA_LARGE_MODEL: 'a', OLLAMA_SMALL_MODEL: 'b' }, {}],
    [
      'an OpenAI that is named',
      { MODEL_VENDOR: 'openai', LARGE_MODEL: 'gpt-5.5', OLLAMA_SMALL_MODEL: 'b' },
      { OLLAMA_LARGE_MODEL: 'of-the-agent' },
    ],
  ])('is asked at OpenAI with %s in the environment', async (_, more, ofAgent) => {
    const own = { OPENAI_LARGE_MODEL: 'first', ...ofAgent }
    const settings = { ...own, ...settingsForModel('second', own) }
    for (const purpose of ['TEXT_LARGE', 'TEXT_SMALL', 'REASONING_LARGE'] as const) {
      expect(await namesOf({ ...OPENAI, ...more }, settings, purpose)).toEqual(['openai/second'])
    }
  })
})

describe('an Ollama', () => {
  let ollama: OllamaList
  beforeEach(async () => {
    ollama = await startOllamaList(['nomic-embed-text:latest', 'qwen3:8b'])
  })
  afterEach(() => ollama.close())

  it('answers with the first model that it has pulled for the purpose', async () => {
    const environment = { OLLAMA_API_ENDPOINT: `${ollama.url}/api` }
    expect(await namesOf(environment)).toEqual(['ollama/qwen3:8b'])
    expect(await namesOf(environment, {}, 'TEXT_EMBEDDING')).toEqual([
      'ollama/nomic-embed-text:latest',
    ])
  })

  it('is asked for its models once in a while only', async () => {
    const router = createModelRouter({ modelSettings: { OLLAMA_API_ENDPOINT: ollama.url } })
    for (let i = 0; i < 5; i++) await router.chain('TEXT_LARGE', { settings: {}, models: [] })
    expect(ollama.asked()).toBe(1)
  })

  it('is not asked for what is configured', async () => {
    const environment = { OLLAMA_API_ENDPOINT: ollama.url, OLLAMA_LARGE_MODEL: 'llama3.3' }
    expect(await namesOf(environment)).toEqual(['ollama/llama3.3'])
    expect(ollama.asked()).toBe(0)
  })

  it('that is down is passed over, or said to be down where nobody else can answer', async () => {
    const environment = { OLLAMA_API_ENDPOINT: NOWHERE }
    expect(await namesOf({ ...environment, ...GROQ, MODEL_VENDOR: 'ollama' })).toEqual([
      expect.stringMatching(/^groq\//),
    ])
    await expect(chainOf(environment)).rejects.toMatchObject({
      ...{ code: 'model_unavailable', retryable: true },
      message: expect.stringContaining('Ollama does not answer at 127.0.0.1:9'),
    })
  })
})
