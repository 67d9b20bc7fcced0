import { describe, expect, it } from '@jest/globals'
import { createGroqVendor } from '../../models/groq.ts'
import { settingNames } from '../../models/vendor-endpoint.ts'
import { answerOf } from './answer-of.ts'
import { openaiSubject } from './openai-subject.ts'
import { describeVendorOnWire, REQUEST } from './vendor-conformance.ts'
import { SCRIPTED_ERRORS } from './vendor-under-test.ts'

const subject = openaiSubject('groq', {
  name: 'groq',
  names: settingNames('GROQ'),
  create: createGroqVendor,
  // It has limits, but no credit to run out of; and it filters nothing.
  errors: SCRIPTED_ERRORS.filter((error) => !['out-of-quota', 'blocked'].includes(error)),
  sampling: {
    maxTokens: 'max_completion_tokens',
    frequencyPenalty: null,
    presencePenalty: null,
  },
  offers: { transcribe: true, speak: true, jsonSchema: undefined },
})

describeVendorOnWire(subject)

describe('Groq', () => {
  const schema = { type: 'object', properties: { colour: { type: 'string' } } }

  it('gets a schema by its own means where the model knows them', async () => {
    const asked = { ...REQUEST, model: 'openai/gpt-oss-120b', json: { schema } }
    const { request } = await answerOf(subject, asked)
    expect(request?.body).toMatchObject({
      response_format: { type: 'json_schema', json_schema: { schema } },
    })
  })

  it('gets it in words where the model does not', async () => {
    const { request } = await answerOf(subject, { ...REQUEST, json: { schema } })
    expect(request?.body).toMatchObject({
      response_format: { type: 'json_object' },
      messages: [{ role: 'system', content: expect.stringMatching(/JSON Schema:\n.*colour/) }, {}],
    })
  })

  it.each(['tool_use_failed', 'json_validate_failed'])(
    'is asked again when its model wrote what it could not read: %s',
    async (code) => {
      const error = { message: 'Failed to call a function.', type: 'invalid_request_error', code }
      const call = answerOf(subject, REQUEST, {
        kind: 'other-frames',
        frames: [JSON.stringify({ error })],
      })
      await expect(call).rejects.toMatchObject({ code: 'model_unavailable', retryable: true })
    },
  )

  it('speaks with a voice of its own, as WAV', async () => {
    const stub = await subject.start()
    const vendor = createGroqVendor({ baseUrl: stub.baseUrl, apiKey: 'k' })
    const { signal } = new AbortController()
    const spoken = await vendor.speak?.({ model: 'm', text: 'Moo.' }, { signal })
    expect(spoken?.mimeType).toBe('audio/wav')
    expect(stub.requests()[0]?.body).toMatchObject({ voice: 'autumn', response_format: 'wav' })
    await stub.close()
  })
})
