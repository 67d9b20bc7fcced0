import { describe, expect, it } from '@jest/globals'
import { createApp } from '../../api/app.ts'
import type { ApiSettings } from '../../api/deps.ts'
import { createFakeApi } from '../support/fake-api-deps.ts'
import { json } from '../support/json-request.ts'

const appWith = (settings: Partial<ApiSettings> = {}) => createApp(createFakeApi(settings).deps)

const statusFor = async (
  headers: Record<string, string>,
  settings: Partial<ApiSettings> = {},
  path = '/api/agents',
) => (await appWith(settings).request(path, { headers })).status

describe('the Host header', () => {
  it.each(['localhost:3000', 'LOCALHOST', '127.0.0.1:3000', '[::1]:3000'])(
    'may name the loopback as %s',
    async (host) => {
      expect(await statusFor({ host })).toBe(200)
    },
  )

  it.each(['evil.example', 'evil.example:3000', 'localhost.evil.example', '10.0.0.7:3000', ''])(
    'is refused as %s, with the reason',
    async (host) => {
      const response = await appWith().request('/api/agents', { headers: { host } })
      expect(response.status).toBe(403)
      expect(await response.json()).toEqual({
        success: false,
        error: { code: 'HOST_NOT_ALLOWED', message: expect.stringContaining('DNS rebinding') },
      })
    },
  )

  it.each(['/openapi.json', '/docs', '/healthz', '/readyz', '/nowhere'])(
    'is checked on %s too',
    async (path) => {
      expect(await statusFor({ host: 'evil.example' }, {}, path)).toBe(403)
    },
  )

  it('may name what the operator allowed, and the bound host', async () => {
    const settings = { allowedHosts: ['Chat.example'], boundHost: 'box.lan' }
    expect(await statusFor({ host: 'chat.example:8080' }, settings)).toBe(200)
    expect(await statusFor({ host: 'box.lan:3000' }, settings)).toBe(200)
    expect(await statusFor({ host: 'other.example' }, settings)).toBe(403)
  })

  it('may be any address, but no name, when every address is listened on', async () => {
    const settings = { boundHost: '0.0.0.0' }
    expect(await statusFor({ host: '10.0.0.7:3000' }, settings)).toBe(200)
    expect(await statusFor({ host: '[fd00::7]:3000' }, settings)).toBe(200)
    expect(await statusFor({ host: 'evil.example' }, settings)).toBe(403)
  })
})

describe('the Origin header', () => {
  const host = 'localhost:3000'

  it('may be our own, behind TLS too', async () => {
    expect(await statusFor({ host, origin: 'http://localhost:3000' })).toBe(200)
    expect(await statusFor({ host, origin: 'https://localhost:3000' })).toBe(200)
  })

  it.each(['https://evil.example', 'http://localhost:4000', 'null', 'nonsense'])(
    'is refused as %s',
    async (origin) => {
      const response = await appWith().request('/api/agents', { headers: { host, origin } })
      expect(response.status).toBe(403)
      expect(await response.json()).toMatchObject({ error: { code: 'ORIGIN_NOT_ALLOWED' } })
      expect(response.headers.get('access-control-allow-origin')).toBeNull()
    },
  )

  it('keeps foreign pages from posting messages, in the envelope of messaging', async () => {
    const fake = createFakeApi()
    const path = '/api/messaging/channels/b850bc30-45f8-0041-a00a-83df46d8555d/messages'
    const headers = { origin: 'https://evil.example' }
    const response = await createApp(fake.deps).request(path, json({ content: 'Hi' }, { headers }))
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ success: false, error: expect.any(String) })
    expect(fake.accepted).toEqual([])
  })

  it('may be one of CORS_ORIGIN, which then gets CORS headers', async () => {
    const app = appWith({ corsOrigin: 'https://a.example, https://b.example/' })
    for (const origin of ['https://a.example', 'https://b.example']) {
      const response = await app.request('/api/agents', { headers: { origin } })
      expect(response.status).toBe(200)
      expect(response.headers.get('access-control-allow-origin')).toBe(origin)
    }
    const other = await app.request('/api/agents', { headers: { origin: 'https://c.example' } })
    expect(other.status).toBe(403)
  })

  it('is answered before a request that needs it, key or no key', async () => {
    const app = appWith({ corsOrigin: '*', authToken: 'secret' })
    const preflight = await app.request('/api/agents', {
      method: 'OPTIONS',
      headers: { origin: 'https://a.example', 'access-control-request-method': 'POST' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Idempotency-Key')
  })
})

describe('the key', () => {
  const settings = { authToken: 'secret' }

  it.each([
    ['X-API-KEY', { 'x-api-key': 'secret' }],
    ['a bearer', { authorization: 'Bearer secret' }],
  ])('is taken as %s', async (_name, headers) => {
    expect(await statusFor(headers, settings)).toBe(200)
  })

  it.each([
    ['nothing', {}],
    ['a wrong key', { 'x-api-key': 'secreT' }],
    ['a longer key', { 'x-api-key': 'secret2' }],
    ['an empty key', { 'x-api-key': '' }],
    ['a wrong bearer', { authorization: 'Bearer x' }],
    ['another scheme', { authorization: 'Basic secret' }],
  ])('is missed with %s', async (_name, headers) => {
    const response = await appWith(settings).request('/api/agents', { headers })
    expect(response.status).toBe(401)
    expect(await response.json()).toEqual({
      success: false,
      error: 'API key required',
      message: expect.stringContaining('X-API-KEY'),
    })
  })

  it('is asked for on unknown paths of the API, not on probes', async () => {
    expect(await statusFor({}, settings, '/api/nowhere')).toBe(401)
    expect(await statusFor({}, settings, '/healthz')).toBe(200)
    expect(await statusFor({}, settings, '/readyz')).toBe(200)
  })

  it('is not needed when the server has none', async () => {
    expect(await statusFor({})).toBe(200)
  })
})

describe('every answer', () => {
  it('has an id of its request, the caller’s own when it sends one', async () => {
    const app = appWith()
    const own = await app.request('/healthz', { headers: { 'x-request-id': 'abc-1' } })
    expect(own.headers.get('x-request-id')).toBe('abc-1')
    const made = await app.request('/api/nowhere')
    expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('tells browsers not to guess types or to frame it', async () => {
    const { headers } = await appWith().request('/healthz')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('DENY')
  })
})
