import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { CallOptions, ModelVendor } from '../../agent/models.ts'
import { createOpenaiVendor, type OpenaiLimits } from '../../models/openai.ts'
import { startStubHttp } from '../support/stub-http.ts'
import { startStubOpenaiVendor } from '../support/stub-openai-vendor.ts'
import { sendJson } from '../support/stub-play.ts'
import type { StubVendor } from './vendor-under-test.ts'

const calmly = (): CallOptions => ({ signal: new AbortController().signal })

describe('OpenAI besides text', () => {
  let stub: StubVendor
  beforeEach(async () => {
    stub = await startStubOpenaiVendor()
  })
  afterEach(() => stub.close())

  const vendor = (limits: Partial<OpenaiLimits> = {}): Required<ModelVendor> =>
    whole(createOpenaiVendor({ baseUrl: stub.baseUrl, apiKey: 'k' }, limits))
  const bodies = () => stub.requests().map(({ body }) => body)

  it('makes vectors of many texts in several requests, in order, and adds up the bill', async () => {
    const texts = Array.from({ length: 600 }, (_, i) => 'x'.repeat(i + 1))
    const { vectors, usage } = await vendor().embed({ model: 'm', texts }, calmly())
    expect(vectors.map(([length]) => length)).toEqual(texts.map(({ length }) => length))
    expect(usage).toEqual({ inputTokens: 600, outputTokens: 0 })
    expect(stub.requests().length).toBeGreaterThan(1)
    const sizes = bodies().map((body) => inputOf(body).length)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2_048)
    expect(sizes.reduce((sum, size) => sum + size)).toBe(600)
  })

  it('makes vectors of long texts in requests that OpenAI takes', async () => {
    const texts = Array.from({ length: 5 }, () => 'x'.repeat(100_000))
    await vendor().embed({ model: 'm', texts }, calmly())
    for (const body of bodies()) expect(inputOf(body).join('').length).toBeLessThan(300_000)
  })

  it('makes a vector of an empty text, which OpenAI would refuse', async () => {
    const { vectors } = await vendor().embed({ model: 'm', texts: ['', 'a'] }, calmly())
    expect(vectors).toHaveLength(2)
    expect(inputOf(bodies()[0])).toEqual([' ', 'a'])
  })

  it('asks for the length of the vectors where one is given', async () => {
    await vendor().embed({ model: 'm', texts: ['a'], dimensions: 256 }, calmly())
    await vendor().embed({ model: 'm', texts: ['a'] }, calmly())
    expect(bodies()).toMatchObject([{ dimensions: 256 }, {}])
    expect(bodies()[1]).not.toHaveProperty('dimensions')
  })

  it('draws pictures of the size and number that were asked for', async () => {
    const request = { model: 'm', prompt: 'A boat.', size: '1024x1536', count: 2 }
    const { images, usage } = await vendor().draw(request, calmly())
    const url = `data:image/webp;base64,${Buffer.from('stub-image').toString('base64')}`
    expect(images).toEqual([{ url }, { url }])
    expect(usage).toEqual({ inputTokens: 9, outputTokens: 1_056 })
    expect(bodies()).toEqual([{ model: 'm', prompt: 'A boat.', size: '1024x1536', n: 2 }])
  })

  it.each([
    ['audio/ogg; codecs=opus', 'audio.ogg'],
    ['audio/mpeg', 'audio.mp3'],
    ['audio/mp4', 'audio.m4a'],
    ['audio/x-wav', 'audio.wav'],
    ['audio/webm', 'audio.webm'],
    ['video/mp4', 'audio.mp4'],
    ['AUDIO/FLAC', 'audio.flac'],
    ['audio/vnd.something', 'audio.bin'],
    ['../../etc/passwd', 'audio.bin'],
    ['', 'audio.bin'],
  ])('sends a recording of the type %p as %s', async (mimeType, name) => {
    stub.answer({ kind: 'text', chunks: ['Moo.'] })
    const request = { model: 'm', audio: Buffer.from('moo'), mimeType, prompt: 'Cows.' }
    const { usage } = await vendor().transcribe(request, calmly())
    expect(bodies()).toMatchObject([{ model: 'm', prompt: 'Cows.', file: { name, size: 3 } }])
    expect(usage).toEqual({ inputTokens: 14, outputTokens: 3 })
  })

  it('speaks with a voice of its own unless one is named, and at the speed that is', async () => {
    await vendor().speak({ model: 'm', text: 'Moo.' }, calmly())
    await vendor().speak({ model: 'm', text: 'Moo.', voice: 'ash', speed: 1.5 }, calmly())
    expect(bodies()).toEqual([
      { model: 'm', input: 'Moo.', voice: 'alloy', response_format: 'mp3' },
      { model: 'm', input: 'Moo.', voice: 'ash', response_format: 'mp3', speed: 1.5 },
    ])
  })

  it('is given up when it stays silent', async () => {
    stub.answer({ kind: 'silence' })
    const call = vendor({ wholeAnswerMs: 50 }).draw({ model: 'm', prompt: 'A boat.' }, calmly())
    await expect(call).rejects.toMatchObject({ code: 'model_unavailable', retryable: true })
    expect((await stub.ended(1)).state).toBe('aborted')
  })

  it('names the variable of the purpose when a model is not there', async () => {
    stub.answer({ kind: 'error', error: 'unknown-model' })
    const embed = vendor().embed({ model: 'm', texts: ['a'] }, calmly())
    await expect(embed).rejects.toThrow('OPENAI_EMBEDDING_MODEL')
    await expect(vendor().draw({ model: 'm', prompt: 'p' }, calmly())).rejects.toThrow(
      'OPENAI_IMAGE_MODEL',
    )
    await expect(vendor().speak({ model: 'm', text: 't' }, calmly())).rejects.toThrow(
      'OPENAI_TTS_MODEL',
    )
  })
})

describe('a document of an OpenAI-compatible endpoint', () => {
  it.each([
    ['has a vector too few', { data: [{ index: 0, embedding: [1] }] }],
    ['has vectors of two lengths', vectors([1], [1, 2])],
    ['has a vector without numbers', vectors([1], ['a'])],
    ['has an empty vector', vectors([], [])],
    ['has one vector twice', { data: [0, 0].map((index) => ({ index, embedding: [1] })) }],
    [
      'has a vector for a text that nobody sent',
      { data: [1, 2].map((index) => ({ index, embedding: [1] })) },
    ],
    ['has text for data', { data: 'nothing' }],
  ])('that %s is no answer', async (_, body) => {
    await expect(embedWith(200, body)).rejects.toMatchObject({
      code: 'model_rejected',
      retryable: false,
      message: expect.stringContaining('OPENAI_BASE_URL'),
    })
  })

  it('that carries an error in spite of its status is that error', async () => {
    const error = { message: 'the vendor behind is down', code: 503 }
    await expect(embedWith(200, { error })).rejects.toMatchObject({
      code: 'model_unavailable',
      retryable: true,
      status: 503,
    })
  })

  it('that has no end is not read to its end', async () => {
    const http = await startStubHttp(async ({ response, gone }) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"data":"')
      while (!gone.aborted) {
        if (!response.write('x'.repeat(10_000))) {
          await new Promise<void>((resolve) => {
            response.once('drain', resolve).once('close', resolve)
          })
        }
      }
    })
    const vendor = whole(
      createOpenaiVendor({ baseUrl: `${http.origin}/v1` }, { maxAnswerBytes: 50_000 }),
    )
    await expect(vendor.embed({ model: 'm', texts: ['a'] }, calmly())).rejects.toMatchObject({
      code: 'model_rejected',
      message: expect.stringContaining('an answer without end'),
    })
    expect((await http.ended(1)).state).toBe('aborted')
    await http.close()
  })
})

async function embedWith(status: number, body: object): Promise<unknown> {
  const http = await startStubHttp(async ({ response }) => sendJson(response, { status, body }))
  const vendor = whole(createOpenaiVendor({ baseUrl: `${http.origin}/v1` }))
  return vendor.embed({ model: 'm', texts: ['a', 'b'] }, calmly()).finally(http.close)
}

function vectors(...all: readonly (readonly unknown[])[]): object {
  return { data: all.map((embedding, index) => ({ index, embedding })) }
}

function inputOf(body: unknown): readonly string[] {
  // What the client under test sent.
  return (body as { input: readonly string[] }).input
}

function whole({ embed, draw, transcribe, speak, ...rest }: ModelVendor): Required<ModelVendor> {
  if (embed && draw && transcribe && speak) return { ...rest, embed, draw, transcribe, speak }
  throw new Error('OpenAI lacks a method.')
}
