import { describe, expect, it } from '@jest/globals'
import { examineModels } from '../../bin/doctor-models.ts'

const about = async (values: Record<string, string>, name: string) =>
  (await examineModels(values)).filter((finding) => finding.name === name)

describe('what doctor says about models', () => {
  it('is who answers, where, and who stands behind', async () => {
    const values = { ANTHROPIC_API_KEY: 'sk-ant-canary', OPENAI_API_KEY: 'sk-proj-canary' }
    const findings = await examineModels(values)
    expect(findings[0]).toEqual({
      ...{ name: 'model', state: 'ok' },
      message:
        'anthropic/claude-sonnet-5 at api.anthropic.com is asked; when it fails: openai/gpt-5.4',
    })
    expect(findings).toHaveLength(2)
    expect(JSON.stringify(findings)).not.toContain('canary')
  })

  it('is who answers what else, and what nobody answers', async () => {
    const [finding] = await about({ ANTHROPIC_API_KEY: 'sk-ant-1' }, 'models')
    expect(finding?.message).toContain('TEXT_SMALL anthropic/claude-haiku-4-5')
    expect(finding?.message).toMatch(/nobody for .*TRANSCRIPTION/)
  })

  it('is that ELIZA answers because somebody named it', async () => {
    expect(await about({ MODEL_VENDOR: 'eliza' }, 'model')).toEqual([
      expect.objectContaining({ state: 'ok', message: expect.stringContaining('MODEL_VENDOR') }),
    ])
  })

  it('is which fallback is named and cannot be asked', async () => {
    const values = { OPENAI_API_KEY: 'sk-proj-1', TURNKEEPER_MODEL_FALLBACKS: 'groq' }
    expect(await about(values, 'model')).toContainEqual(
      expect.objectContaining({ state: 'warn', message: expect.stringContaining('GROQ_API_KEY') }),
    )
  })

  it('is which variable is missing', async () => {
    expect(await about({ MODEL_VENDOR: 'groq' }, 'model')).toEqual([
      expect.objectContaining({
        state: 'fail',
        message: expect.stringContaining('MODEL_VENDOR names Groq, and GROQ_API_KEY is not set'),
      }),
    ])
  })

  it.each([
    ['OPENAI_API_KEY', 'sk-ant-canary', 'Anthropic', 'ANTHROPIC_API_KEY'],
    ['XAI_API_KEY', 'gsk_canary', 'Groq', 'GROQ_API_KEY'],
    ['GROQ_API_KEY', 'AIzacanary', 'Google Gemini', 'GOOGLE_GENERATIVE_AI_API_KEY'],
  ])('is that the key in %s looks like another vendor’s', async (name, key, vendor, right) => {
    const [finding] = await about({ [name]: key }, 'key')
    expect(finding).toEqual({
      ...{ name: 'key', state: 'warn' },
      message: `${name} holds what looks like a key of ${vendor}`,
      advice: `If it is one, move it to ${right}.`,
    })
  })

  it('is nothing about a key that goes to an address of one’s own', async () => {
    const values = { OPENAI_API_KEY: 'gsk_1', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' }
    expect(await about(values, 'key')).toEqual([])
  })

  it('is that nobody knows a model, and what is assumed about it', async () => {
    const values = { OPENAI_API_KEY: 'sk-1', OPENAI_LARGE_MODEL: 'gpt-5.4-maxi' }
    const [, unknown] = await about(values, 'model')
    expect(unknown).toMatchObject({
      ...{ state: 'warn', advice: expect.stringContaining('TURNKEEPER_MODEL_PRICES') },
      message: expect.stringContaining('openai/gpt-5.4-maxi is not in the price list'),
    })
  })

  it('is that a vendor that would stand behind cannot be used, and why', async () => {
    const values = { ANTHROPIC_API_KEY: 'sk-ant-1', OPENAI_API_KEY: 'sk-proj canary' }
    const findings = await examineModels(values)
    expect(findings).toContainEqual({
      ...{ name: 'model', state: 'warn', advice: expect.stringContaining('OpenAI is never asked') },
      message: expect.stringContaining('OPENAI_API_KEY contains a space'),
    })
    expect(JSON.stringify(findings)).not.toContain('canary')
  })

  it('is once that the only vendor cannot be used', async () => {
    expect(await about({ OPENAI_API_KEY: 'sk-proj canary' }, 'model')).toMatchObject([
      { state: 'fail', message: expect.stringContaining('OPENAI_API_KEY contains a space') },
    ])
  })

  it('is that the own prices cannot be used', async () => {
    expect(await about({ TURNKEEPER_MODEL_PRICES: '/nowhere.json' }, 'model')).toEqual([
      expect.objectContaining({ state: 'fail', message: expect.stringContaining('/nowhere.json') }),
    ])
  })
})
