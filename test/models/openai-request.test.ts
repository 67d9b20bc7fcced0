import { afterEach, describe, expect, it } from '@jest/globals'
import type { ModelRequest } from '../../agent/models.ts'
import { createOpenaiVendor, openaiDialect } from '../../models/openai.ts'
import { connect } from '../../models/openai-connection.ts'
import { checkEndpoint } from '../../models/openai-endpoint.ts'
import { chatParams } from '../../models/openai-request.ts'
import { startStubHttp } from '../support/stub-http.ts'
import { REQUEST } from './vendor-conformance.ts'

const SAMPLING = {
  maxTokens: 50,
  temperature: 0.5,
  topP: 0.9,
  seed: 7,
  frequencyPenalty: 0.1,
  presencePenalty: 0.2,
  stopSequences: ['END'],
}
const openai = openaiDialect(checkEndpoint({ apiKey: 'sk-test' }))
const copy = openaiDialect(checkEndpoint({ baseUrl: 'http://127.0.0.1:8080/v1' }))
const bodyFor = (more: Partial<ModelRequest>, dialect = openai) =>
  chatParams({ ...REQUEST, ...more }, dialect)

describe('a request to a reasoning model of OpenAI', () => {
  it.each(['gpt-5.4', 'gpt-5.4-mini', 'o3', 'o4-mini'])(
    'has none of the sampling that it refuses, but its limit: %s',
    (model) => {
      expect(Object.keys(bodyFor({ ...SAMPLING, model }))).toEqual([
        'model',
        'messages',
        'stream',
        'stream_options',
        'max_completion_tokens',
      ])
    },
  )

  it.each(['gpt-4.1', 'ollama-model', 'omni'])('is not what others get: %s', (model) => {
    expect(bodyFor({ ...SAMPLING, model })).toMatchObject({ temperature: 0.5, stop: ['END'] })
  })
})

describe('a request of OpenAI’s wire', () => {
  it('has no more stop sequences than the wire takes', () => {
    const stopSequences = ['1', '2', '3', '4', '5', '6']
    expect(bodyFor({ stopSequences, model: 'gpt-4.1' }).stop).toEqual(['1', '2', '3', '4'])
    expect(bodyFor({ stopSequences: [], model: 'gpt-4.1' })).not.toHaveProperty('stop')
  })

  it('says JSON where it asks for any JSON, which OpenAI insists on', () => {
    const body = bodyFor({ json: {}, system: undefined })
    expect(body.response_format).toEqual({ type: 'json_object' })
    expect(JSON.stringify(body.messages)).toContain('JSON')
  })

  it('imposes a schema of an object, and describes any other', () => {
    const object = { type: 'object', properties: { a: { type: 'number' } } }
    expect(bodyFor({ json: { schema: object } }).response_format).toEqual({
      type: 'json_schema',
      json_schema: { name: 'answer', schema: object },
    })
    const list = bodyFor({ json: { schema: { type: 'array', items: { type: 'string' } } } })
    expect(list).not.toHaveProperty('response_format')
    expect(list.messages[0]?.content).toMatch(/^You are Ada\.\n\nAnswer .*JSON Schema:\n.*array/)
  })

  it('shows pictures after the text', () => {
    const images = [
      { kind: 'bytes', data: Buffer.from('cat'), mimeType: 'image/png' },
      { kind: 'url', url: 'https://pictures.example/cat.png' },
    ] as const
    expect(bodyFor({ images, prompt: 'What is it?' }, copy).messages.at(-1)?.content).toEqual([
      { type: 'text', text: 'What is it?' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,Y2F0' } },
      { type: 'image_url', image_url: { url: 'https://pictures.example/cat.png' } },
    ])
  })

  it('offers tools as functions', () => {
    const parameters = { type: 'object', properties: {} }
    const tools = [{ name: 'wait', description: 'Waits.', parameters }]
    expect(bodyFor({ tools }).tools).toEqual([
      { type: 'function', function: { name: 'wait', description: 'Waits.', parameters } },
    ])
    expect(bodyFor({ tools: [] })).not.toHaveProperty('tools')
  })

  it('offers no tools to a model that reasons at OpenAI and takes the two in no chat', () => {
    const tools = [{ name: 'wait', description: 'Waits.', parameters: { type: 'object' } }]
    for (const model of ['gpt-5.5', 'gpt-5.6-terra', 'gpt-5.12']) {
      expect(bodyFor({ model, tools })).toMatchObject({ reasoning_effort: 'none' })
      expect(bodyFor({ model })).not.toHaveProperty('reasoning_effort')
      expect(bodyFor({ model, tools }, copy)).not.toHaveProperty('reasoning_effort')
    }
    for (const model of ['gpt-5.4', 'gpt-5', 'gpt-4.1', 'o3']) {
      expect(bodyFor({ model, tools })).not.toHaveProperty('reasoning_effort')
    }
  })
})

describe('what the environment says to OpenAI’s client', () => {
  const names = [
    ...['OPENAI_CUSTOM_HEADERS', 'OPENAI_ORG_ID', 'OPENAI_PROJECT_ID', 'OPENAI_ADMIN_KEY'],
    'OPENAI_API_KEY',
  ]
  const before = names.map((name) => [name, process.env[name]] as const)
  afterEach(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })

  it.each([
    ['the key of the environment', 'sk-environment', 'org-1'],
    ['a key of an agent, which is another account', 'sk-agent', null],
  ])('goes to OpenAI with %s: %s', async (_, apiKey, organization) => {
    process.env.OPENAI_API_KEY = 'sk-environment'
    process.env.OPENAI_CUSTOM_HEADERS = 'X-Gateway-Key: org-1'
    process.env.OPENAI_ORG_ID = 'org-1'
    process.env.OPENAI_PROJECT_ID = 'org-1'
    const { client } = connect({ endpoint: checkEndpoint({ apiKey }), dialect: openai, limits: {} })
    const { req } = await client.buildRequest({ method: 'post', path: '/chat/completions' })
    const headers = new Headers(req.headers)
    expect(headers.get('authorization')).toBe(`Bearer ${apiKey}`)
    for (const name of ['openai-organization', 'openai-project', 'x-gateway-key']) {
      expect(headers.get(name)).toBe(organization)
    }
  })

  it('does not reach another endpoint, which gets its own key alone', async () => {
    process.env.OPENAI_CUSTOM_HEADERS = 'X-Gateway-Key: hidden-1\nAuthorization: Bearer hidden-2'
    process.env.OPENAI_ORG_ID = 'hidden-3'
    process.env.OPENAI_PROJECT_ID = 'hidden-4'
    process.env.OPENAI_ADMIN_KEY = 'hidden-5'
    const http = await startStubHttp(async ({ response }) => void response.writeHead(500).end())
    const vendor = createOpenaiVendor({ baseUrl: `${http.origin}/v1`, apiKey: 'own-key' })
    const { signal } = new AbortController()
    await vendor.generate(REQUEST, { signal, onText: () => undefined }).catch(() => undefined)
    const [request] = http.requests()
    expect(request?.headers.authorization).toBe('Bearer own-key')
    expect(JSON.stringify(request)).not.toContain('hidden')
    await http.close()
  })
})
