import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createGoogleVendor } from '../../models/google.ts'
import { type StubGoogle, startStubGoogle } from '../support/stub-google.ts'

let stub: StubGoogle
beforeEach(async () => {
  stub = await startStubGoogle()
})
afterEach(() => stub.close())

const vendor = () => createGoogleVendor({ baseUrl: stub.baseUrl, apiKey: 'AIza-test' })
const options = () => ({ signal: new AbortController().signal })

const sent = () => stub.requests()[0]

describe('what Google makes besides text', () => {
  it('is a vector per text, a hundred texts per request', async () => {
    const texts = Array.from({ length: 150 }, (_, i) => 'x'.repeat(i + 1))
    const request = { model: 'gemini-embedding-2', texts, dimensions: 3 }
    const result = await vendor().embed?.(request, options())
    expect(result?.vectors).toEqual(texts.map((text) => [text.length, 1, 0]))
    expect(result?.usage).toEqual({ inputTokens: 150, outputTokens: 0 })
    expect(stub.requests()).toHaveLength(2)
    expect(sent()?.body).toHaveProperty('requests.length', 100)
    const first = { content: { parts: [{ text: 'x' }] }, outputDimensionality: 3 }
    expect(sent()?.body).toHaveProperty('requests.0', expect.objectContaining(first))
  })

  it('is a picture per call, in the ratio that comes nearest', async () => {
    const request = { model: 'gemini-image', prompt: 'A cat', size: '1792x1024', count: 2 }
    const result = await vendor().draw?.(request, options())
    const url = `data:image/png;base64,${Buffer.from('stub-image').toString('base64')}`
    expect(result).toEqual({
      images: [{ url }, { url }],
      usage: { inputTokens: 4, outputTokens: 20 },
      cost: null,
    })
    expect(sent()?.body).toMatchObject({
      generationConfig: { responseModalities: ['IMAGE'], imageConfig: { aspectRatio: '16:9' } },
    })
  })

  it('is no picture by Imagen, which needs a project', async () => {
    const request = { model: 'imagen-4.0-generate-001', prompt: 'A cat' }
    await expect(vendor().draw?.(request, options())).rejects.toMatchObject({
      message: expect.stringMatching(
        /Imagen needs a Google Cloud project.*GOOGLE_IMAGE_GENERATION_MODEL/,
      ),
      isUnsent: true,
    })
    expect(stub.requests()).toEqual([])
  })

  it.each([
    [{ promptFeedback: { blockReason: 'SAFETY' } }, 'model_refused'],
    [{ candidates: [{ finishReason: 'IMAGE_SAFETY' }] }, 'model_refused'],
    [
      { candidates: [{ content: { parts: [{ text: 'No.' }] }, finishReason: 'STOP' }] },
      'model_rejected',
    ],
  ])('is an error when %j comes instead of a picture', async (body, code) => {
    stub.respond(body)
    const request = { model: 'gemini-image', prompt: 'A cat' }
    await expect(vendor().draw?.(request, options())).rejects.toMatchObject({ code })
  })

  it('is speech that can be played: bare samples get a header', async () => {
    const samples = Buffer.from([1, 2, 3, 4])
    const mimeType = 'audio/L16;codec=pcm;rate=16000'
    const inlineData = { mimeType, data: samples.toString('base64') }
    stub.respond({ candidates: [{ content: { parts: [{ inlineData }] } }] })
    const request = { model: 'gemini-tts', text: 'Hello', voice: 'Puck' }
    const result = await vendor().speak?.(request, options())
    const audio = Buffer.from(result?.audio ?? [])
    expect(result?.mimeType).toBe('audio/wav')
    expect(audio.subarray(0, 4).toString()).toBe('RIFF')
    expect(audio.readUInt32LE(4)).toBe(audio.length - 8)
    expect(audio.readUInt32LE(24)).toBe(16_000)
    expect(audio.readUInt32LE(40)).toBe(4)
    expect(audio.subarray(44)).toEqual(samples)
    expect(JSON.stringify(sent()?.body)).toContain('"voiceName":"Puck"')
  })

  it('is the words of a recording, which goes along with the request', async () => {
    stub.answer({ kind: 'text', chunks: ['Hello ', 'there.'] })
    const audio = Buffer.from('ogg')
    const mimeType = 'audio/ogg; codecs=opus'
    const request = { model: 'gemini-test', audio, mimeType, prompt: 'Turnkeeper' }
    const result = await vendor().transcribe?.(request, options())
    expect(result).toMatchObject({ text: 'Hello there.', finishReason: 'stop' })
    expect(sent()?.body).toMatchObject({
      contents: [
        {
          parts: [
            { text: expect.stringContaining('Turnkeeper') },
            { inlineData: { mimeType: 'audio/ogg', data: audio.toString('base64') } },
          ],
        },
      ],
    })
  })
})
