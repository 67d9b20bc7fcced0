import { describe, expect, it } from '@jest/globals'
import { createOpenrouterVendor } from '../../models/openrouter.ts'
import { settingNames } from '../../models/vendor-endpoint.ts'
import { answerOf } from './answer-of.ts'
import { openaiSubject } from './openai-subject.ts'
import { describeVendorOnWire, REQUEST } from './vendor-conformance.ts'

const subject = openaiSubject('openrouter', {
  name: 'openrouter',
  names: settingNames('OPENROUTER'),
  create: createOpenrouterVendor,
  model: 'acme/test-model',
  sampling: { topK: 'top_k', minP: 'min_p', repetitionPenalty: 'repetition_penalty' },
  offers: { embed: true, draw: true },
})

describeVendorOnWire(subject)

describe('OpenRouter', () => {
  it('is asked for the price of an answer, and says it', async () => {
    const { result, request } = await answerOf(subject, REQUEST)
    expect(request?.body).toMatchObject({ usage: { include: true } })
    expect(result.cost).toBe(0.00014)
  })

  it.each(['-0.5', '1e999', '"0.1"'])('says no price that is %s', async (cost) => {
    const usage = `"usage":{"prompt_tokens":7,"completion_tokens":2,"cost":${cost}}`
    const choices = '"choices":[{"index":0,"delta":{"content":"Hi."},"finish_reason":"stop"}]'
    const frames = [`{${choices},${usage}}`]
    const { result } = await answerOf(subject, REQUEST, { kind: 'other-frames', frames })
    expect(result).toMatchObject({ cost: null, usage: { inputTokens: 7, outputTokens: 2 } })
  })

  it.each([
    [{ is_byok: true, cost_details: { upstream_inference_cost: 0.25 } }, 0.375],
    [{ is_byok: false, cost_details: { upstream_inference_cost: 0.125 } }, 0.125],
    [{ is_byok: true }, null],
  ])('says the whole price where the vendor has a bill of its own: %j', async (more, cost) => {
    const usage = { prompt_tokens: 7, completion_tokens: 2, cost: 0.125, ...more }
    const choices = [{ index: 0, delta: { content: 'Hi.' }, finish_reason: 'stop' }]
    const frames = [JSON.stringify({ choices, usage })]
    const { result } = await answerOf(subject, REQUEST, { kind: 'other-frames', frames })
    expect(result.cost).toBe(cost)
  })

  it('says what was written to a cache, which has a price of its own', async () => {
    const prompt_tokens_details = { cached_tokens: 3, cache_write_tokens: 4 }
    const usage = { prompt_tokens: 9, completion_tokens: 2, prompt_tokens_details }
    const choices = [{ index: 0, delta: { content: 'Hi.' }, finish_reason: 'stop' }]
    const frames = [JSON.stringify({ choices, usage })]
    const { result } = await answerOf(subject, REQUEST, { kind: 'other-frames', frames })
    expect(result.usage).toMatchObject({ inputTokens: 9, cachedTokens: 3, cacheWriteTokens: 4 })
  })

  it('draws in a chat, one picture after the other, and says what they have cost', async () => {
    const stub = await subject.start()
    const vendor = createOpenrouterVendor({ baseUrl: stub.baseUrl, apiKey: 'k' })
    const { signal } = new AbortController()
    const request = { model: 'm', prompt: 'A boat.', size: '1024x1536', count: 2 }
    const drawn = await vendor.draw?.(request, { signal })
    expect(drawn).toEqual({
      images: Array(2).fill({ url: 'data:image/png;base64,c3R1Yg==' }),
      usage: { inputTokens: 8, outputTokens: 2_580 },
      cost: 0.06,
    })
    expect(stub.requests().map(({ body }) => body)).toMatchObject(
      Array(2).fill({ model: 'm', modalities: ['image', 'text'], usage: { include: true } }),
    )
    expect(JSON.stringify(stub.requests()[0]?.body)).toContain('1024x1536')
    await stub.close()
  })

  it('leaves nothing out for the reasoning models of others: it does that itself', async () => {
    const asked = { ...REQUEST, model: 'openai/gpt-5.4', temperature: 0.5, topK: 40 }
    const { request } = await answerOf(subject, asked)
    expect(request?.body).toMatchObject({ temperature: 0.5, top_k: 40 })
  })

  it('is understood where it quotes the vendor behind it', async () => {
    const raw = '{"error":{"message":"prompt is too long: 210000 tokens > 200000 maximum"}}'
    const error = { message: 'Provider returned error', code: 400, metadata: { raw } }
    const call = answerOf(subject, REQUEST, {
      kind: 'other-frames',
      frames: [JSON.stringify({ error })],
    })
    await expect(call).rejects.toMatchObject({
      code: 'prompt_too_long',
      message: expect.stringContaining('210000 tokens'),
    })
  })

  it('that gives up in a stream without saying why is asked again', async () => {
    const choices = [{ index: 0, delta: { content: '' }, finish_reason: 'error' }]
    const call = answerOf(subject, REQUEST, {
      kind: 'other-frames',
      frames: [JSON.stringify({ choices })],
    })
    await expect(call).rejects.toMatchObject({ code: 'model_unavailable', retryable: true })
  })
})
