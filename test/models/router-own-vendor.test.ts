import { describe, expect, it } from '@jest/globals'
import { ANTHROPIC, chainOf, GROQ, namesOf, OPENAI, type Settings } from './chain-of.ts'

const OWN_ANTHROPIC = { ANTHROPIC_API_KEY: 'sk-ant-own' }
const DEFAULT = 'anthropic/claude-sonnet-5'

describe('an agent that chooses its vendor itself', () => {
  it.each<[string, Settings]>([
    ['settings.model.provider', { model: { provider: 'anthropic' } }],
    ['settings.model', { model: 'anthropic' }],
    ['MODEL_VENDOR', { MODEL_VENDOR: 'anthropic' }],
    ['TEXT_LARGE_VENDOR', { TEXT_LARGE_VENDOR: 'anthropic' }],
    ['a key', OWN_ANTHROPIC],
    ['a secret', { secrets: OWN_ANTHROPIC }],
  ])('by %s is not asked for the model that the environment names for its own', async (_, own) => {
    const environment = { ...OPENAI, ...ANTHROPIC, LARGE_MODEL: 'gpt-5.5', SMALL_MODEL: 'gpt-5.5' }
    expect((await namesOf(environment, own))[0]).toBe(DEFAULT)
    expect((await namesOf(environment, { ...own, LARGE_MODEL: 'mine' }))[0]).toBe('anthropic/mine')
    const vendors = { ...environment, ANTHROPIC_LARGE_MODEL: 'claude-opus-5' }
    expect((await namesOf(vendors, own))[0]).toBe('anthropic/claude-opus-5')
  })

  it('at an address of its own is not asked for it there either', async () => {
    const own = { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1', OPENAI_LARGE_MODEL: 'local' }
    const environment = { ...ANTHROPIC, SMALL_MODEL: 'claude-haiku-4-5' }
    expect((await namesOf(environment, own, 'TEXT_SMALL'))[0]).toBe('openai/local')
    const outer = { ...environment, OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' }
    expect((await namesOf(outer, { MODEL_VENDOR: 'openai' }))[0]).toBe('openai/gpt-5.4')
  })

  it('by a key comes before the vendor that the environment names, which stands behind it', async () => {
    const environment = { ...GROQ, ...OPENAI, MODEL_VENDOR: 'openai/gpt-4.1' }
    expect(await namesOf(environment, OWN_ANTHROPIC)).toEqual([
      ...[DEFAULT, 'openai/gpt-4.1', 'groq/openai/gpt-oss-120b'],
    ])
    expect((await namesOf(environment, OWN_ANTHROPIC, 'TRANSCRIPTION'))[0]).toMatch(/^openai/)
    const two = { OPENAI_API_KEY: 'sk-own', GROQ_API_KEY: 'gsk_own' }
    const [first] = await namesOf({ ...ANTHROPIC, ...environment }, two)
    expect(first).toBe('openai/gpt-4.1')
  })

  it('by a key is not answered by the ELIZA that the environment names, also when its vendor fails', async () => {
    expect(await namesOf({ MODEL_VENDOR: 'eliza' }, OWN_ANTHROPIC)).toEqual([DEFAULT])
    expect(await namesOf({ MODEL_VENDOR: 'eliza' })).toEqual(['eliza/eliza'])
  })

  it('by a key does not need the one that the environment’s vendor would', async () => {
    expect(await namesOf({ MODEL_VENDOR: 'openai' }, OWN_ANTHROPIC)).toEqual([DEFAULT])
    await expect(chainOf({ MODEL_VENDOR: 'openai' })).rejects.toThrow('OPENAI_API_KEY is not set')
  })

  it('by a key is not asked first for a type that the environment gives to a vendor', async () => {
    const environment = { ...OPENAI, TEXT_LARGE_VENDOR: 'openai' }
    expect((await namesOf(environment, OWN_ANTHROPIC))[0]).toBe('openai/gpt-5.4')
  })

  it('does not by the name of a model alone', async () => {
    const environment = { ...OPENAI, MODEL_VENDOR: 'openai', LARGE_MODEL: 'gpt-5.5' }
    const own = { OLLAMA_LARGE_MODEL: 'llama3.3' }
    expect((await namesOf(environment, own))[0]).toBe('openai/gpt-5.5')
  })
})

describe('settings.model as a text', () => {
  const environment = { ...ANTHROPIC, ...OPENAI }

  it('is vendor and model', async () => {
    const own = { model: 'openai/gpt-5.4-mini' }
    expect(await namesOf(environment, own)).toEqual(['openai/gpt-5.4-mini', DEFAULT])
    expect((await namesOf(environment, own, 'IMAGE_DESCRIPTION'))[0]).toMatch(/^openai/)
    const behind = await namesOf(environment, { ...own, MODEL_VENDOR: 'anthropic' })
    expect(behind[0]).toBe(DEFAULT)
  })

  it('says that the vendor has no key', async () => {
    await expect(chainOf(ANTHROPIC, { model: 'openai/gpt-5.4' })).rejects.toThrow(
      'settings.model names OpenAI, and OPENAI_API_KEY is not set',
    )
  })

  it('is the model of whoever is asked first where it names no vendor', async () => {
    expect((await namesOf(environment, { model: 'claude-opus-5' }))[0]).toBe(
      'anthropic/claude-opus-5',
    )
  })

  it.each([
    ['Groq', GROQ, {}],
    ['the agent’s own Groq', OPENAI, GROQ],
    ['a server of one’s own', { GOOGLE_BASE_URL: 'http://127.0.0.1:9' }, {}],
  ])('is what %s calls a model of somebody else', async (_, outer, own) => {
    const [first] = await namesOf(outer, { ...own, model: 'openai/gpt-oss-120b' })
    expect(first).toMatch(/^(groq|google)\/openai\/gpt-oss-120b$/)
  })
})
