import { describe, expect, it } from '@jest/globals'
import { settingNames } from '../../models/vendor-endpoint.ts'
import { createXaiVendor } from '../../models/xai.ts'
import { answerOf } from './answer-of.ts'
import { openaiSubject } from './openai-subject.ts'
import { describeVendorOnWire, REQUEST } from './vendor-conformance.ts'

const subject = openaiSubject('xai', {
  name: 'xai',
  names: settingNames('XAI'),
  create: createXaiVendor,
  sampling: { maxTokens: 'max_completion_tokens' },
  offers: { draw: true },
})

describeVendorOnWire(subject)

describe('Grok', () => {
  it.each(['grok-4', 'grok-4-fast-reasoning', 'grok-code-fast-1', 'grok-3-mini'])(
    'is not sent what its reasoning models refuse: %s',
    async (model) => {
      const all = {
        temperature: 0.5,
        presencePenalty: 1,
        frequencyPenalty: 1,
        stopSequences: ['X'],
      }
      const { request } = await answerOf(subject, { ...REQUEST, model, ...all })
      expect(request?.body).toMatchObject({ temperature: 0.5 })
      for (const name of ['stop', 'presence_penalty', 'frequency_penalty']) {
        expect(request?.body).not.toHaveProperty(name)
      }
    },
  )

  it('is sent them where it does not reason', async () => {
    const asked = { ...REQUEST, model: 'grok-4-fast-non-reasoning', stopSequences: ['X'] }
    expect((await answerOf(subject, asked)).request?.body).toMatchObject({ stop: ['X'] })
  })

  it('says what an answer has cost, and a picture', async () => {
    expect((await answerOf(subject, REQUEST)).result.cost).toBeCloseTo(0.0037756, 9)
    const stub = await subject.start()
    const vendor = createXaiVendor({ baseUrl: stub.baseUrl, apiKey: 'k' })
    const { signal } = new AbortController()
    const drawn = await vendor.draw?.({ model: 'm', prompt: 'A boat.', size: '9x9' }, { signal })
    expect(drawn).toMatchObject({
      images: [{ url: 'https://pictures.example/stub-image.jpg' }],
      cost: 0.07,
    })
    await stub.close()
  })

  it.each(['-5', '1e999', '"7"'])('says no cost of %s ticks', async (ticks) => {
    const usage = `"usage":{"prompt_tokens":7,"completion_tokens":2,"cost_in_usd_ticks":${ticks}}`
    const choices = '"choices":[{"index":0,"delta":{"content":"Hi."},"finish_reason":"stop"}]'
    const frames = [`{${choices},${usage}}`]
    const { result } = await answerOf(subject, REQUEST, { kind: 'other-frames', frames })
    expect(result).toMatchObject({ cost: null, usage: { inputTokens: 7, outputTokens: 2 } })
  })

  it.each([
    ['1024x1024', '1:1'],
    ['1024x1536', '2:3'],
    ['1792x1024', undefined],
    ['1920x1080', '16:9'],
    ['large', undefined],
  ])('draws a picture of the size %s in the shape %s', async (size, shape) => {
    const stub = await subject.start()
    const vendor = createXaiVendor({ baseUrl: stub.baseUrl, apiKey: 'k' })
    const { signal } = new AbortController()
    await vendor.draw?.({ model: 'm', prompt: 'A boat.', size }, { signal })
    expect(stub.requests()[0]?.body).toEqual({
      ...{ model: 'm', prompt: 'A boat.', n: 1 },
      ...(shape && { aspect_ratio: shape }),
    })
    await stub.close()
  })
})
