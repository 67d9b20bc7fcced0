import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import type { ModelRequest } from '../../agent/models.ts'
import { createAnthropicVendor } from '../../models/anthropic.ts'
import { type StubAnthropic, startStubAnthropic } from '../support/stub-anthropic.ts'
import { askAnthropic, REQUEST } from './anthropic-asking.ts'
import { quietly } from './conformance-request.ts'

let stub: StubAnthropic
beforeEach(async () => {
  stub = await startStubAnthropic()
})
afterEach(() => stub.close())

const ask = (request: Partial<ModelRequest> = {}) => askAnthropic(stub, request)
const sent = () => stub.requests()[0]
const content = () => Object(sent()?.body).messages[0].content

describe('what is sent to Anthropic', () => {
  it('is the system text, the prompt and a limit of tokens', async () => {
    await ask()
    expect(sent()?.path).toBe('/v1/messages')
    expect(sent()?.body).toEqual({
      model: 'claude-sonnet-4-6',
      max_tokens: 16_384,
      system: 'You are Ada.',
      messages: [{ role: 'user', content: [{ type: 'text', text: REQUEST.prompt }] }],
      stream: true,
    })
  })

  it('leaves out every kind of sampling that the API refuses, and keeps the stop sequences', async () => {
    await ask({
      maxTokens: 50,
      temperature: 1.4,
      topP: 0.9,
      topK: 40,
      seed: 1,
      presencePenalty: 1,
      stopSequences: ['END', '\n'],
    })
    expect(sent()?.body).toMatchObject({ max_tokens: 50, stop_sequences: ['END'] })
    expect(Object.keys(Object(sent()?.body)).join()).not.toMatch(
      /temperature|top_[pk]|seed|penalty/,
    )
  })

  it.each([
    ['claude-haiku-5-5', 'TEXT_SMALL', undefined, 'low'],
    ['claude-sonnet-5', 'TEXT_LARGE', 600, 'low'],
    ['claude-opus-5-5', 'TEXT_LARGE', 8_192, 'low'],
    ['claude-opus-5-5', 'TEXT_LARGE', 8_193, undefined],
    ['claude-opus-5-5', 'REASONING_SMALL', undefined, undefined],
    // Refuse the parameter.
    ['claude-haiku-4-5', 'TEXT_SMALL', undefined, undefined],
    ['claude-sonnet-4-5-20250929', 'TEXT_LARGE', 600, undefined],
  ] as const)(
    '%s thinks for %s with maxTokens %p by effort %p',
    async (model, purpose, maxTokens, effort) => {
      await ask({ model, purpose, ...(maxTokens !== undefined && { maxTokens }) })
      expect(Object(sent()?.body).output_config?.effort).toBe(effort)
    },
  )

  it.each(['', '/', '/v1', '/v1/'])(
    'goes to the same place when the address ends in %p',
    async (end) => {
      const vendor = createAnthropicVendor({ baseUrl: `${stub.url}${end}` })
      await vendor.generate(REQUEST, quietly())
      expect(sent()?.path).toBe('/v1/messages')
    },
  )

  it("takes nothing from variables that are only the client's own", async () => {
    const theirs = {
      ANTHROPIC_API_KEY: 'sk-ant-operator',
      ANTHROPIC_AUTH_TOKEN: 'operator-token',
      ANTHROPIC_CUSTOM_HEADERS:
        'x-secret: operator\nauthorization: Bearer operator\nx-api-key: operator',
      ANTHROPIC_LOG: 'debug',
    }
    const before = Object.keys(theirs).map((name) => [name, process.env[name]] as const)
    Object.assign(process.env, theirs)
    try {
      const vendor = createAnthropicVendor({ baseUrl: stub.url })
      await vendor.generate(REQUEST, quietly())
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name]
        else process.env[name] = value
      }
    }
    expect(sent()?.headers).toMatchObject({
      authorization: 'Bearer none',
      'anthropic-version': '2026-10-21',
    })
    expect(JSON.stringify(sent()?.headers)).not.toContain('operator')
    expect(sent()?.headers).not.toHaveProperty('x-api-key')
  })

  it('is written to nobody else: the client leaves the console alone', async () => {
    const lines: unknown[] = []
    const spies = (['debug', 'info', 'log', 'warn', 'error'] as const).map((name) =>
      jest.spyOn(console, name).mockImplementation((...line) => void lines.push(line)),
    )
    await ask({ model: 'claude-sonnet-4-5-20250929' })
    stub.answer({ kind: 'other-frames', frames: ['{no json'] })
    await ask().catch(() => undefined)
    for (const spy of spies) spy.mockRestore()
    expect(lines).toEqual([])
  })

  it("has the key under both names at an address that is not Anthropic's", async () => {
    await ask()
    expect(sent()?.headers).toMatchObject({
      authorization: 'Bearer sk-ant-test',
      'x-api-key': 'sk-ant-test',
    })
  })
})

describe('the prompt cache', () => {
  const marked = { cache_control: { type: 'ephemeral' } }

  it('is told where the stable part of the prompt ends, before any picture', async () => {
    const url = 'https://example.com/cat.png'
    await ask({ stableLength: 'The stable part.'.length, images: [{ kind: 'url', url }] })
    expect(content()).toEqual([
      { type: 'text', text: 'The stable part.', ...marked },
      { type: 'image', source: { type: 'url', url } },
      { type: 'text', text: ' The rest.' },
    ])
  })

  it.each([
    ['no stable part', 'Hello you.', 0, [{ type: 'text', text: 'Hello you.' }]],
    ['a blank one', '\n\nHello.', 2, [{ type: 'text', text: '\n\nHello.' }]],
    ['a blank rest', 'Hello.\n', 6, [{ type: 'text', text: 'Hello.\n', ...marked }]],
    ['a length beyond the end', 'Hello.', 99, [{ type: 'text', text: 'Hello.', ...marked }]],
    [
      'half an emoji',
      'Hi 😀 you',
      4,
      [
        { type: 'text', text: 'Hi ', ...marked },
        { type: 'text', text: '😀 you' },
      ],
    ],
  ])(
    'gets no blank block and no broken character with %s',
    async (_, prompt, stableLength, blocks) => {
      await ask({ prompt, stableLength })
      expect(content()).toEqual(blocks)
    },
  )

  it('is written by the first call and read by the next one with another rest', async () => {
    const prompts = ['The stable part. The rest.', 'The stable part. Something else now.']
    const [first, second] = [
      await ask({ prompt: prompts[0], stableLength: 16 }),
      await ask({ prompt: prompts[1], stableLength: 16 }),
    ]
    expect(first.usage).toMatchObject({ cachedTokens: 0, cacheWriteTokens: 7 })
    expect(second.usage).toMatchObject({ cachedTokens: 7, cacheWriteTokens: 0 })
    expect(second.usage?.inputTokens).toBe(10)
  })
})

describe('tools for Anthropic', () => {
  const parameters = { type: 'object', properties: { city: { type: 'string' } }, oneOf: [{}] }

  it('are sent without what the vendor refuses at the top of a schema', async () => {
    await ask({ tools: [{ name: 'WEATHER', description: 'Tells the weather.', parameters }] })
    const { oneOf: _, ...input_schema } = parameters
    expect(Object(sent()?.body).tools).toEqual([
      { name: 'WEATHER', description: 'Tells the weather.', input_schema },
    ])
  })
})

describe('JSON from Anthropic', () => {
  const city = { type: 'string', description: 'Where.' }
  const schema = { type: 'object', properties: { city }, required: ['city'] }

  it('is asked for in words, and held to a schema that the decoder takes', async () => {
    await ask({ json: { schema } })
    const { system, output_config } = Object(sent()?.body)
    expect(system).toBe(
      'You are Ada.\n\nAnswer with one JSON value and nothing else: no explanation, no code fence. ' +
        `It follows this JSON Schema:\n${JSON.stringify(schema)}`,
    )
    expect(output_config).toEqual({
      format: { type: 'json_schema', schema: { ...schema, additionalProperties: false } },
    })
  })

  it('is asked for in words alone without a schema', async () => {
    await ask({ json: {}, system: '' })
    const { system, output_config } = Object(sent()?.body)
    expect(system).toMatch(/^Answer with one JSON value and nothing else/)
    expect(output_config).toBeUndefined()
  })

  it.each([
    ['an open object', { type: 'object', additionalProperties: { type: 'string' } }],
    ['an object with more', { ...schema, additionalProperties: { type: 'string' } }],
    ['an open object inside', { ...schema, properties: { city, more: { type: 'object' } } }],
    ['a pattern', { ...schema, properties: { city: { ...city, pattern: '^A' } } }],
    ['a reference', { ...schema, properties: { city: { $ref: '#/x' } } }],
    ['a list at the top', { type: 'array', items: city }],
    [
      'many optional parts',
      {
        type: 'object',
        properties: Object.fromEntries([...Array(25)].map((_, i) => [`p${i}`, city])),
      },
    ],
  ])(
    'is asked for in words alone where the decoder would refuse or forbid: %s',
    async (_, open) => {
      await ask({ json: { schema: open } })
      expect(Object(sent()?.body).output_config).toBeUndefined()
      expect(Object(sent()?.body).system).toContain(JSON.stringify(open))
    },
  )

  it('closes objects in lists and in objects', async () => {
    const inner = { type: 'object', properties: { n: { type: 'integer', enum: [1, 2] } } }
    const outer = {
      type: 'object',
      properties: { all: { type: 'array', items: inner }, one: inner },
    }
    await ask({ json: { schema: outer } })
    const closed = { ...inner, additionalProperties: false }
    expect(Object(sent()?.body).output_config.format.schema).toEqual({
      type: 'object',
      properties: { all: { type: 'array', items: closed }, one: closed },
      additionalProperties: false,
    })
  })
})

describe('pictures for Anthropic', () => {
  const data = Buffer.from('not a picture')
  const url = `data:image/jpg;base64,${data.toString('base64')}`

  it.each([
    ['bytes', { kind: 'bytes', data, mimeType: 'image/jpg' }],
    ['an address that is the picture', { kind: 'url', url }],
  ] as const)('are sent under the name that the vendor knows: %s', async (_, image) => {
    await ask({ images: [image], prompt: '' })
    const source = { type: 'base64', media_type: 'image/jpeg', data: data.toString('base64') }
    expect(content()).toEqual([{ type: 'image', source }])
  })
})
