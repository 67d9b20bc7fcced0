import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import type { ModelRequest } from '../../agent/models.ts'
import { createOllamaVendor, type OllamaLimits } from '../../models/ollama.ts'
import { OLLAMA } from '../../models/ollama-endpoint.ts'
import { type StubOllama, startStubOllama } from '../support/stub-ollama.ts'
import { describeVendorOnWire, quietly, REQUEST } from './vendor-conformance.ts'

describeVendorOnWire({
  name: 'ollama',
  model: 'llama3.2',
  names: OLLAMA.names,
  create: createOllamaVendor,
  start: startStubOllama,
  keyOf: ({ headers: { authorization } }) => String(authorization).replace('Bearer ', ''),
  errors: [
    'bad-key',
    'unknown-model',
    'bad-request',
    'prompt-too-long',
    'out-of-quota',
    'rate-limit',
    'overloaded',
    'server-error',
  ],
  sampling: {
    maxTokens: 'options.num_predict',
    temperature: 'options.temperature',
    topP: 'options.top_p',
    topK: 'options.top_k',
    minP: 'options.min_p',
    seed: 'options.seed',
    repetitionPenalty: 'options.repeat_penalty',
    frequencyPenalty: 'options.frequency_penalty',
    presencePenalty: 'options.presence_penalty',
    stopSequences: 'options.stop',
  },
  offers: {
    cachedTokens: false,
    tools: true,
    // What the client under test sent.
    jsonSchema: (body) => (body as { format?: unknown }).format,
    images: ['bytes'],
    embed: true,
    draw: false,
    transcribe: false,
    speak: false,
  },
})

let stub: StubOllama
beforeEach(async () => {
  stub = await startStubOllama()
})
afterEach(() => stub.close())

const vendor = (limits: Partial<OllamaLimits> = {}) =>
  createOllamaVendor({ baseUrl: stub.baseUrl }, limits)
const ask = (request: Partial<ModelRequest> = {}, limits: Partial<OllamaLimits> = {}) =>
  vendor(limits).generate({ ...REQUEST, ...request }, quietly())
const sent = (n = 1) => stub.requests()[n - 1]
const frames = (...documents: readonly object[]) =>
  stub.answer({ kind: 'other-frames', frames: documents.map((one) => JSON.stringify(one)) })

describe('the context that Ollama is asked for', () => {
  const made = (tokens: number, parameters = '') =>
    stub.describe({ parameters, model_info: { 'any.context_length': tokens } })
  const asked = async (request: Partial<ModelRequest> = {}, limits = {}) => {
    await ask(request, limits)
    const { body } = stub.requests().at(-1) ?? {}
    // What the client under test sent.
    return (body as { options: { num_ctx: number } }).options.num_ctx
  }
  const words = (tokens: number) => ({ prompt: 'abc'.repeat(tokens), system: '', maxTokens: 100 })

  it('is what the model was made for, up to what the memory should bear', async () => {
    made(8_192)
    expect(await asked()).toBe(8_192)
    made(131_072)
    expect(await asked()).toBe(32_768)
    expect(await asked({}, { contextTokens: 65_536 })).toBe(65_536)
  })

  it('is the same for every prompt that fits: another one loads the model anew', async () => {
    made(131_072)
    expect(await asked(words(10))).toBe(await asked(words(30_000)))
  })

  it('grows for a prompt that needs more, as far as the model goes', async () => {
    made(131_072)
    expect(await asked(words(33_000))).toBe(65_536)
    expect(await asked(words(200_000))).toBe(131_072)
  })

  it('counts the answer, the tools and the pictures', async () => {
    made(131_072)
    const parameters = { type: 'object', description: 'x'.repeat(9_000) }
    const tools = [{ name: 'wave', description: '', parameters }]
    const data = Buffer.from('cat')
    const images = Array.from({ length: 3 }, () => {
      return { kind: 'bytes', data, mimeType: 'image/png' } as const
    })
    expect(await asked({ ...words(30_000) })).toBe(32_768)
    expect(await asked({ ...words(30_000), maxTokens: 3_000 })).toBe(65_536)
    expect(await asked({ ...words(30_000), tools })).toBe(65_536)
    expect(await asked({ ...words(30_000), images })).toBe(65_536)
  })

  it('is the one that the Modelfile names', async () => {
    made(131_072, 'stop "<end>"\nnum_ctx                        16384\ntemperature 0.7')
    expect(await asked()).toBe(16_384)
  })

  it('is the usual one when nothing is known about the model', async () => {
    stub.describe({})
    expect(await asked()).toBe(32_768)
  })

  it('is looked up once for a model, and what does not fit is refused instead of cut', async () => {
    const ollama = vendor()
    await ollama.generate(REQUEST, quietly())
    await ollama.generate(REQUEST, quietly())
    expect(stub.shows()).toBe(1)
    await ollama.generate({ ...REQUEST, model: 'other' }, quietly())
    expect(stub.shows()).toBe(2)
    expect(sent()?.body).toMatchObject({ truncate: false, shift: false })
  })
})

describe('an answer of Ollama', () => {
  it('is waited for longer where its model thinks first', async () => {
    stub.answer({ kind: 'silence' })
    const impatient = createOllamaVendor({ baseUrl: stub.baseUrl }, { firstChunkMs: 350 })
    const call = impatient.generate({ ...REQUEST, purpose: 'REASONING_LARGE' }, quietly())
    await expect(call).rejects.toThrow('sent nothing for 2 s')
  })

  const line = (said: object, more: object = {}) => ({ message: said, done: false, ...more })
  const end = { message: { content: '' }, done: true, done_reason: 'stop' }

  it('is what the model says, without what it thinks', async () => {
    frames(line({ thinking: 'Let me see.', content: '' }), line({ content: 'Two.' }), end)
    expect(await ask()).toMatchObject({ text: 'Two.', finishReason: 'stop' })
  })

  it('has no usage when a prompt from memory comes without a count', async () => {
    frames(line({ content: 'Two.' }), { ...end, eval_count: 2 })
    expect((await ask()).usage).toBeUndefined()
  })

  it('may call a tool in words that are no JSON', async () => {
    stub.answer({ kind: 'tools', calls: [{ name: 'wave', pieces: ['{"times":'] }] })
    expect((await ask()).toolCalls).toEqual([{ name: 'wave', arguments: undefined }])
  })

  it.each(['null', '7', '{}', '{"function":{"name":7}}', '{"function":null}'])(
    'calls no tool by %s',
    async (call) => {
      const called = `{"message":{"content":"Two.","tool_calls":[${call}]},"done":false}`
      stub.answer({ kind: 'other-frames', frames: [called, JSON.stringify(end)] })
      expect(await ask()).toEqual({ text: 'Two.', finishReason: 'stop', cost: null })
    },
  )

  it('may call a tool with more depth than can be read', async () => {
    const given = `{"n":${'['.repeat(50_000)}${']'.repeat(50_000)}}`
    const calls = `[{"function":{"name":"wave","arguments":${given}}}]`
    const called = `{"message":{"content":"","tool_calls":${calls}},"done":false}`
    stub.answer({ kind: 'other-frames', frames: [called, JSON.stringify(end)] })
    expect((await ask()).toolCalls).toEqual([{ name: 'wave', arguments: undefined }])
  })

  it('that never says that it is done is incomplete', async () => {
    frames(line({ content: 'Two.' }))
    await expect(ask()).rejects.toMatchObject({ code: 'model_unavailable', retryable: true })
  })

  it('ends with its own signal only', async () => {
    stub.answer({ kind: 'text', chunks: ['a', 'b', 'c', 'd'], pauseMs: 30 })
    const controller = new AbortController()
    const ollama = vendor()
    const other = ollama.generate(REQUEST, quietly())
    const onText = () => controller.abort(new Error('enough'))
    const own = ollama.generate(REQUEST, { signal: controller.signal, onText })
    await expect(own).rejects.toThrow('enough')
    expect((await other).text).toBe('abcd')
  })

  it('leaves nothing on the console, whatever it is', async () => {
    const printed = ['log', 'warn', 'error', 'debug'] as const
    const spies = printed.map((name) => jest.spyOn(console, name).mockImplementation(() => {}))
    for (const status of [200, 400, 500]) {
      stub.answer({ kind: 'page', status })
      await expect(ask()).rejects.toThrow()
    }
    stub.answer({ kind: 'other-frames', frames: ['{"broken', 'secret words'] })
    await expect(ask()).rejects.toThrow()
    for (const spy of spies) expect(spy).not.toHaveBeenCalled()
    jest.restoreAllMocks()
  })
})

describe('a request to Ollama', () => {
  it.each(['/api', '/api/', '/v1', '/'])('goes to an address that ends in %s', async (path) => {
    await createOllamaVendor({ baseUrl: stub.baseUrl + path }).generate(REQUEST, quietly())
    expect(sent()?.path).toBe('/api/chat')
  })

  it('has no key when none is given', async () => {
    await ask()
    expect(sent()?.headers.authorization).toBeUndefined()
  })

  it('has the bytes of a picture that comes as data', async () => {
    await ask({ images: [{ kind: 'url', url: 'data:image/png;base64,ZG9n' }] })
    expect(sent()?.body).toHaveProperty('messages.1.images', ['ZG9n'])
  })

  it('is not made with the address of a picture', async () => {
    const images = [{ kind: 'url', url: 'https://example.test/cat.png' }] as const
    await expect(ask({ images })).rejects.toMatchObject({
      code: 'model_rejected',
      retryable: false,
      message: expect.stringMatching(/takes pictures as bytes/),
    })
    expect(stub.requests()).toEqual([])
  })
})
