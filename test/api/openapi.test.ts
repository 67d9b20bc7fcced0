import { randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { createApp } from '../../api/app.ts'
import { createFakeApi } from '../support/fake-api-deps.ts'
import { json } from '../support/json-request.ts'

interface Operation {
  readonly summary?: string
  readonly security?: readonly object[]
  readonly tags?: readonly string[]
  readonly parameters?: readonly { readonly name: string; readonly schema?: object }[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema?: object }> }
  readonly responses: Record<string, { description?: string; content?: object }>
}

interface Api {
  readonly openapi: string
  readonly info: object
  readonly security: object
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: object; readonly securitySchemes: object }
}

const app = createApp(createFakeApi({ authToken: 'secret' }).deps)
const api = (await (await app.request('/openapi.json')).json()) as Api
const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)

const ROUTES = [
  'get /api/agents',
  'post /api/agents',
  'get /api/agents/{agentId}',
  'patch /api/agents/{agentId}',
  'delete /api/agents/{agentId}',
  'post /api/agents/{agentId}/start',
  'post /api/agents/{agentId}/stop',
  'get /api/agents/{agentId}/plugins',
  'get /api/agents/{agentId}/panels',
  'get /api/agents/{agentId}/spending',
  'get /api/agents/{agentId}/tasks',
  'get /api/agents/{agentId}/tasks/{taskId}',
  'post /api/agents/{agentId}/tasks/{taskId}/run',
  'delete /api/agents/{agentId}/tasks/{taskId}',
  'get /api/agents/{agentId}/turns',
  'patch /api/agents/{agentId}/rooms/{roomId}',
  'post /api/messaging/channels',
  'patch /api/messaging/channels/{channelId}',
  'get /api/messaging/channels/{channelId}/details',
  'get /api/messaging/channels/{channelId}/participants',
  'post /api/messaging/channels/{channelId}/agents',
  'delete /api/messaging/channels/{channelId}/agents/{agentId}',
  'post /api/messaging/channels/{channelId}/messages',
  'get /api/messaging/channels/{channelId}/messages',
  'get /api/turns/{turnId}',
  'get /api/turns/{turnId}/stream',
  'post /api/turns/{turnId}/cancel',
  'get /api/turns/{turnId}/history',
  'post /api/turns/{turnId}/fork',
  'get /api/turns/{turnId}/forks',
  'get /api/turns/{turnId}/diff',
  'get /api/models',
  'get /metrics',
  'get /api/dead-letters',
  'get /api/dead-letters/{turnId}',
  'post /api/dead-letters/{turnId}/retry',
  'post /api/dead-letters/{turnId}/skip',
  'get /api/approvals',
  'get /api/approvals/{approvalId}',
  'post /api/approvals/{approvalId}/answer',
  'post /api/audio/{agentId}/transcriptions',
  'post /api/audio/{agentId}/audio-messages',
  'post /api/audio/{agentId}/speech/generate',
  'post /api/audio/{agentId}/audio-messages/synthesize',
  'get /api/server/status',
  'get /api/server/ping',
  'get /api/server/health',
  'get /api/system/version',
  'get /healthz',
  'get /readyz',
]

describe('the OpenAPI document', () => {
  it('is version 3.1 and names the server’s version', () => {
    expect(api.openapi).toBe('3.1.0')
    expect(api.info).toMatchObject({ title: 'Turnkeeper', version: '1.2.3' })
  })

  it('lists every route, and no other', () => {
    const listed = operations.map(({ method, path }) => `${method} ${path}`)
    expect(listed.sort()).toEqual([...ROUTES].sort())
  })

  it.each(operations)('describes $method $path for its reader', ({ path, operation }) => {
    expect(operation.summary).toEqual(expect.stringMatching(/^[A-Z].{8,}/))
    expect(operation.tags).toHaveLength(1)
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    const named = (operation.parameters ?? []).map(({ name }) => name)
    expect(named).toEqual(expect.arrayContaining(inPath))
    for (const { schema } of operation.parameters ?? []) expect(schema).toBeDefined()
    for (const [status, response] of Object.entries(operation.responses)) {
      expect(response.description).toBeTruthy()
      if (status !== '204') expect(JSON.stringify(response.content)).toContain('schema')
    }
  })

  it.each(['plugins', 'panels'])('says that a stopped agent has no %s to show', (what) => {
    const { responses = {} } = api.paths[`/api/agents/{agentId}/${what}`]?.get ?? {}
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['200', '404', '409', '503']))
  })

  it('has a schema for every body', () => {
    const posted = operations.filter(({ operation }) => operation.requestBody)
    expect(posted.length).toBeGreaterThan(10)
    for (const { operation } of posted) {
      const { content } = operation.requestBody ?? { content: {} }
      const [type, { schema }] = Object.entries(content)[0] ?? ['none', {}]
      expect(type).toMatch(/^(?:application\/json|multipart\/form-data)$/)
      expect(schema).toBeDefined()
    }
  })

  it('points every reference at a schema that is there', () => {
    const text = JSON.stringify(api)
    const names = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name)
    expect(names.length).toBeGreaterThan(20)
    for (const name of names) expect(api.components.schemas).toHaveProperty([String(name)])
  })

  it('asks for the key as header or bearer, but not of probes', () => {
    expect(api.components.securitySchemes).toMatchObject({
      apiKey: { type: 'apiKey', in: 'header', name: 'X-API-KEY' },
      bearer: { type: 'http', scheme: 'bearer' },
    })
    expect(api.security).toEqual([{ apiKey: [] }, { bearer: [] }])
    expect(api.paths['/healthz']?.get?.security).toEqual([])
    expect(api.paths['/readyz']?.get?.security).toEqual([])
  })
})

describe('the docs page', () => {
  it('shows every operation, runs only its own script, and loads nothing', async () => {
    const response = await app.request('/docs')
    const page = await response.text()
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^text\/html/)
    const policy = response.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe')
    for (const { operation } of operations) {
      expect(page).toContain(String(operation.summary))
    }
    expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
  })

  it('gives an example of a message that the API accepts', async () => {
    const fake = createFakeApi({ httpWaitMs: 1 })
    const own = createApp(fake.deps)
    await own.request('/api/agents', json({ characterJson: { name: 'Ada', bio: 'Kind.' } }))
    const page = await (await own.request('/docs')).text()
    const [, example = ''] = /\/messages \\[^{]*-d &#39;(\{[^}]+\})&#39;/.exec(page) ?? []
    const body = JSON.parse(example.replaceAll('&quot;', '"'))
    const response = await own.request(
      `/api/messaging/channels/${randomUUID()}/messages`,
      json(body),
    )
    expect(await response.json()).toMatchObject({ userMessage: { content: 'Good morning!' } })
  })

  it('shows the address it was asked under', async () => {
    const page = await (await app.request('http://localhost:4711/docs')).text()
    expect(page).toContain('curl http://localhost:4711/api/agents')
  })
})
