import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import type { ModelRequest } from '../../agent/models.ts'
import { createGoogleVendor } from '../../models/google.ts'
import { GOOGLE } from '../../models/google-endpoint.ts'
import { type StubGoogle, startStubGoogle } from '../support/stub-google.ts'
import { describeVendorOnWire } from './vendor-conformance.ts'
import { SCRIPTED_ERRORS } from './vendor-under-test.ts'

const schemaIn = (body: unknown) =>
  // What the client under test sent.
  (body as { generationConfig?: { responseJsonSchema?: unknown } }).generationConfig
    ?.responseJsonSchema

describeVendorOnWire({
  name: 'google',
  model: 'gemini-test',
  names: GOOGLE.names,
  create: createGoogleVendor,
  start: startStubGoogle,
  keyOf: ({ headers }) => String(headers['x-goog-api-key']),
  // Google answers 200 to a prompt that it blocks.
  errors: SCRIPTED_ERRORS.filter((error) => error !== 'blocked'),
  sampling: {
    maxTokens: 'generationConfig.maxOutputTokens',
    temperature: 'generationConfig.temperature',
    topP: 'generationConfig.topP',
    topK: 'generationConfig.topK',
    seed: 'generationConfig.seed',
    stopSequences: 'generationConfig.stopSequences',
    minP: null,
    repetitionPenalty: null,
    frequencyPenalty: null,
    presencePenalty: null,
  },
  offers: {
    cachedTokens: true,
    tools: true,
    jsonSchema: schemaIn,
    images: ['bytes', 'url'],
    embed: true,
    draw: true,
    transcribe: true,
    speak: true,
  },
})

const KEY = 'AIzaSy-my-very-own-secret-0815'
const REQUEST: ModelRequest = {
  model: 'gemini-test',
  purpose: 'TEXT_LARGE',
  system: 'You are Ada.',
  prompt: 'Say something.',
}

let stub: StubGoogle
beforeEach(async () => {
  stub = await startStubGoogle()
})
afterEach(() => stub.close())

const vendor = () => createGoogleVendor({ baseUrl: stub.baseUrl, apiKey: KEY })
const options = () => ({ signal: new AbortController().signal })

async function ask(request: Partial<ModelRequest> = {}) {
  const pieces: string[] = []
  const onText = (delta: string) => pieces.push(delta)
  const result = await vendor().generate({ ...REQUEST, ...request }, { ...options(), onText })
  return { ...result, pieces }
}

const frames = (...documents: readonly object[]) =>
  stub.answer({ kind: 'other-frames', frames: documents.map((one) => JSON.stringify(one)) })

const sent = () => stub.requests()[0]

describe('a request to Google', () => {
  it('has prompt, system text and sampling, and the key only in a header', async () => {
    stub.answer({ kind: 'text', chunks: ['Fine.'] })
    await ask({
      maxTokens: 50,
      temperature: 0.5,
      topK: 3,
      stopSequences: ['a', 'b', 'c', 'd', 'e', 'f'],
    })
    expect(sent()?.path).toBe('/v1beta/models/gemini-test:streamGenerateContent?alt=sse')
    expect(sent()?.headers['x-goog-api-key']).toBe(KEY)
    expect(sent()?.body).toEqual({
      systemInstruction: { parts: [{ text: 'You are Ada.' }], role: 'user' },
      contents: [{ role: 'user', parts: [{ text: 'Say something.' }] }],
      generationConfig: {
        maxOutputTokens: 50,
        temperature: 0.5,
        topK: 3,
        stopSequences: ['a', 'b', 'c', 'd', 'e'],
      },
    })
  })

  it('has no penalties, which Google refuses', async () => {
    stub.answer({ kind: 'text', chunks: ['Fine.'] })
    await ask({ frequencyPenalty: 1, presencePenalty: 1, repetitionPenalty: 1 })
    expect(JSON.stringify(sent()?.body)).not.toMatch(/penalty/i)
  })

  it('goes to the API of an address that was copied with its version', async () => {
    stub.answer({ kind: 'text', chunks: ['Fine.'] })
    const copied = createGoogleVendor({ baseUrl: `${stub.baseUrl}/v1beta/`, apiKey: KEY })
    await copied.generate(REQUEST, { ...options(), onText: () => undefined })
    expect(sent()?.path).toMatch(/^\/v1beta\/models\//)
  })

  it('has pictures after the prompt: bytes and data as they are, others as addresses', async () => {
    stub.answer({ kind: 'text', chunks: ['Fine.'] })
    await ask({
      images: [
        { kind: 'bytes', data: Buffer.from('cat'), mimeType: 'image/webp' },
        { kind: 'url', url: 'data:image/png;base64,ZG9n' },
        { kind: 'url', url: 'https://example.test/cow.PNG?v=1' },
        { kind: 'url', url: 'https://example.test/cow' },
      ],
    })
    expect(sent()?.body).toMatchObject({
      contents: [
        {
          parts: [
            { text: 'Say something.' },
            { inlineData: { data: 'Y2F0', mimeType: 'image/webp' } },
            { inlineData: { data: 'ZG9n', mimeType: 'image/png' } },
            { fileData: { fileUri: 'https://example.test/cow.PNG?v=1', mimeType: 'image/png' } },
            { fileData: { fileUri: 'https://example.test/cow', mimeType: 'image/jpeg' } },
          ],
        },
      ],
    })
  })

  it('asks for JSON of a schema, but not together with tools', async () => {
    stub.answer({ kind: 'text', chunks: ['{}'] })
    const schema = { type: 'object', properties: { mood: { type: 'string' } } }
    const tools = [{ name: 'wave', description: 'Waves.', parameters: { type: 'object' } }]
    await ask({ json: { schema } })
    await ask({ json: { schema }, tools })
    const [first, second] = stub.requests()
    expect(first?.body).toMatchObject({
      generationConfig: { responseMimeType: 'application/json', responseJsonSchema: schema },
    })
    expect(second?.body).toMatchObject({
      tools: [
        {
          functionDeclarations: [
            { name: 'wave', description: 'Waves.', parametersJsonSchema: { type: 'object' } },
          ],
        },
      ],
    })
    expect(JSON.stringify(second?.body)).not.toContain('application/json')
  })

  it('is not repeated by the client, and nothing is printed', async () => {
    const printed = ['log', 'warn', 'error', 'debug'] as const
    const spies = printed.map((name) => jest.spyOn(console, name))
    stub.answer({ kind: 'error', error: 'overloaded' })
    await expect(ask()).rejects.toThrow()
    // By default the client would go on from the token, in a request of its own.
    frames({
      candidates: [
        {
          content: { parts: [{ text: 'Half.' }] },
          finishReason: 'CONTINUATION',
          continuationToken: 'dG9rZW4=',
        },
      ],
    })
    expect((await ask()).text).toBe('Half.')
    expect(stub.requests()).toHaveLength(2)
    for (const spy of spies) expect(spy).not.toHaveBeenCalled()
    jest.restoreAllMocks()
  })

  it('takes nothing from the environment', async () => {
    const names = {
      GOOGLE_API_KEY: 'AIza-other',
      GEMINI_API_KEY: 'AIza-another',
      GOOGLE_GENAI_USE_VERTEXAI: 'true',
      GOOGLE_CLOUD_PROJECT: 'project',
      GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:1',
    }
    const before = { ...process.env }
    const warning = jest.spyOn(console, 'warn').mockImplementation(() => undefined)
    Object.assign(process.env, names)
    try {
      stub.answer({ kind: 'text', chunks: ['Fine.'] })
      await ask()
    } finally {
      process.env = before
    }
    expect(sent()?.path).toMatch(/^\/v1beta\/models\//)
    expect(sent()?.headers['x-goog-api-key']).toBe(KEY)
    expect(warning).not.toHaveBeenCalled()
    jest.restoreAllMocks()
  })
})

describe('an answer of Google', () => {
  it('is waited for longer where its model thinks first', async () => {
    stub.answer({ kind: 'silence' })
    const impatient = createGoogleVendor({ baseUrl: stub.baseUrl }, { firstChunkMs: 350 })
    const request = { ...REQUEST, purpose: 'REASONING_LARGE' } as const
    const call = impatient.generate(request, { ...options(), onText: () => undefined })
    await expect(call).rejects.toThrow('sent nothing for 2 s')
  })

  const words = (...parts: readonly object[]) => ({ candidates: [{ content: { parts } }] })
  const end = (finishReason: string) => ({ candidates: [{ finishReason }] })

  it('is what the model says, without what it thinks', async () => {
    frames(
      words({ text: 'Let me see.', thought: true }),
      words({ text: 'One ' }, { text: 'Hm.', thought: true }, { text: 'two.' }),
      end('STOP'),
    )
    const { text, pieces, finishReason } = await ask()
    expect(text).toBe('One two.')
    expect(pieces).toEqual(['One ', 'two.'])
    expect(finishReason).toBe('stop')
  })

  it('is billed with its thoughts, by the last of the totals', async () => {
    frames(
      { ...words({ text: 'A' }), usageMetadata: { promptTokenCount: 20 } },
      {
        ...end('STOP'),
        usageMetadata: {
          promptTokenCount: 20,
          candidatesTokenCount: 3,
          thoughtsTokenCount: 40,
          cachedContentTokenCount: 16,
        },
      },
    )
    expect((await ask()).usage).toEqual({ inputTokens: 20, outputTokens: 43, cachedTokens: 16 })
  })

  it.each([
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content-filter'],
    ['RECITATION', 'content-filter'],
    ['BLOCKLIST', 'content-filter'],
    ['PROHIBITED_CONTENT', 'content-filter'],
    ['SPII', 'content-filter'],
    ['OTHER', 'unknown'],
    ['MALFORMED_FUNCTION_CALL', 'unknown'],
    ['SOMETHING_NEW', 'unknown'],
  ])('that ends with %s ends with %s', async (finishReason, expected) => {
    frames(words({ text: 'A' }), end(finishReason))
    expect(await ask()).toMatchObject({ text: 'A', finishReason: expected })
  })

  it('to a prompt that is blocked is empty, and says so', async () => {
    stub.answer({ kind: 'refusal', text: 'No.' })
    expect(await ask()).toMatchObject({
      text: '',
      finishReason: 'content-filter',
      usage: { inputTokens: 20, outputTokens: 0 },
    })
  })

  it('may be calls of tools, some without arguments', async () => {
    frames(
      words({ functionCall: { name: 'wave', args: { times: 2 } }, thoughtSignature: 'c2ln' }),
      words({ functionCall: { name: 'bow' } }),
      end('STOP'),
    )
    expect(await ask()).toMatchObject({
      finishReason: 'tool-calls',
      toolCalls: [
        { name: 'wave', arguments: { times: 2 } },
        { name: 'bow', arguments: {} },
      ],
    })
  })
})
