import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { serve as serveNode } from '@hono/node-server'
import { afterEach, describe, expect, it, jest } from '@jest/globals'
import { createApp } from '../../api/app.ts'
import { matchRoute } from '../../api/plugin-routes/match-route.ts'
import type { FoundRoute, PluginRoutesPort, RouteQuestion } from '../../api/plugin-routes-port.ts'
import { eventually } from '../support/eventually.ts'
import { createFakeApi } from '../support/fake-api-deps.ts'
import { type ServedApi, serveApi } from '../support/served-api.ts'

const AGENT = '5c3cb098-d52d-0b3f-a7e9-7b7fba960c4c'
const OTHER = '00000000-0000-0000-0000-0000000000aa'

/** Express's additions, as plugins use them. */
type Handler = (request: ExpressRequest, response: ExpressResponse) => unknown
interface ExpressRequest extends IncomingMessage {
  body?: Record<string, unknown>
  params: Record<string, string>
  query: Record<string, unknown>
  originalUrl: string
}
interface ExpressResponse extends ServerResponse {
  status(code: number): ExpressResponse
  json(value: unknown): void
  sendFile(path: string): void
}

const itWithProc = existsSync('/proc/self/fd') ? it : it.skip
let served: ServedApi | undefined
const folders: string[] = []

afterEach(async () => {
  jest.restoreAllMocks()
  await served?.stop()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

interface Options {
  readonly pattern?: string
  readonly isPublic?: boolean
  readonly staticFile?: string
  readonly authToken?: string
  readonly corsOrigin?: string
}

/** Of this process, where the system tells. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return '' // closed meanwhile
    }
  })
}

async function serve(handler: Handler, options: Options = {}) {
  const { pattern = '/files/*', isPublic = true, staticFile, authToken, corsOrigin } = options
  const asked: RouteQuestion[] = []
  const pluginRoutes: PluginRoutesPort = {
    async find(question): Promise<FoundRoute | undefined> {
      asked.push(question)
      const params = matchRoute(pattern, question.path)
      if (!params) return undefined
      const run = async (request: IncomingMessage, response: ServerResponse) =>
        void (await handler(request as ExpressRequest, response as ExpressResponse))
      return { agentId: AGENT, isPublic, params, staticFile, label: pattern, run }
    },
  }
  const { deps } = createFakeApi({ authToken, corsOrigin }, { pluginRoutes })
  served = await serveApi(deps)
  const { url } = served
  return { deps, asked, get: (path: string, init?: RequestInit) => fetch(`${url}${path}`, init) }
}

describe("a plugin's route", () => {
  it.each([
    [`/files/a?agentId=${AGENT}`, { path: '/files/a', agentId: AGENT }],
    ['/api/files/a', { path: '/files/a', agentId: undefined }],
    [`/api/agents/${AGENT}/plugins/files/a`, { path: '/files/a', agentId: AGENT }],
  ])('is found at %s', async (path, expected) => {
    const { asked, get } = await serve((_request, response) => response.json({ fine: true }))
    const answer = await get(path)
    expect(await answer.json()).toEqual({ fine: true })
    expect(asked).toEqual([{ method: 'GET', isAnonymous: false, ...expected }])
  })

  it('reads JSON, placeholders and the query, and never gets another agent by the body', async () => {
    const { get } = await serve(
      ({ body, params, query, originalUrl }, response) =>
        response.status(201).json({ body, params, query, originalUrl }),
      { pattern: '/files/:id/parts' },
    )
    const answer = await get(`/files/a%20b/parts?x=1&x=2&agentId=${AGENT}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ agentId: OTHER, text: 'é' }),
    })
    expect(answer.status).toBe(201)
    expect(await answer.json()).toEqual({
      body: { agentId: AGENT, text: 'é' },
      params: { id: 'a b' },
      query: { x: ['1', '2'], agentId: AGENT },
      originalUrl: `/files/a%20b/parts?x=1&x=2&agentId=${AGENT}`,
    })
  })

  it('gets an upload as an unread stream, and its agentId is replaced however it was parsed', async () => {
    const { get } = await serve(async (request, response) => {
      let size = 0
      for await (const chunk of request) size += chunk.length
      request.body = { agentId: OTHER } // as multer does
      response.json({ size, body: request.body })
    })
    const form = new FormData()
    form.set('file', new Blob(['x'.repeat(300_000)]), 'a.txt')
    const answer = await get('/api/files/upload', { method: 'POST', body: form })
    const { size, body } = (await answer.json()) as { size: number; body: unknown }
    expect(size).toBeGreaterThan(300_000)
    expect(body).toEqual({ agentId: AGENT })
  })

  it('never gets another agent by a body that is filled later, or by a query of two', async () => {
    const { get } = await serve((request, response) => {
      request.body = Object.create(null) as Record<string, unknown>
      request.body.agentId = OTHER // as multer does
      response.json({ body: request.body, query: request.query })
    })
    const answer = await get(`/files/a?agentId=${AGENT}&agentId=${OTHER}`)
    expect(await answer.json()).toEqual({ body: { agentId: AGENT }, query: { agentId: AGENT } })
  })

  it("has the headers of our own answers, and may be shown in our own pages' frames", async () => {
    const failed = jest.spyOn(console, 'error').mockImplementation(() => undefined)
    const { get } = await serve((_request, response) => response.json({}), {
      corsOrigin: 'https://app.example',
    })
    const origin = 'https://app.example'
    const { headers, status } = await get('/api/files/a', { headers: { origin } })
    expect([status, headers.get('access-control-allow-origin')]).toEqual([200, origin])
    expect(headers.get('x-frame-options')).toBe('SAMEORIGIN')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(failed).not.toHaveBeenCalled()
  })

  itWithProc('closes the file when whoever asked goes away', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'static-'))
    folders.push(folder)
    const path = join(folder, 'large')
    writeFileSync(path, '')
    truncateSync(path, 64 * 1024 * 1024)
    const { get } = await serve((_request, response) => response.sendFile(path))
    const abort = new AbortController()
    const answer = await get('/files/a', { signal: abort.signal })
    const reading = answer.body?.getReader()
    await reading?.read()
    expect(openFiles()).toContain(path)
    abort.abort()
    await eventually(() => !openFiles().includes(path))
  })

  it('is complete when its response is, not when its handler returns', async () => {
    const { deps } = await serve((_request, response) => {
      setTimeout(() => Readable.from(['one ', 'two']).pipe(response), 30)
    })
    const app = createApp(deps)
    const sent: boolean[] = []
    const server = serveNode({
      ...{ port: 0, hostname: '127.0.0.1' },
      async fetch(request, env) {
        const answer = await app.fetch(request, env)
        sent.push('outgoing' in env && env.outgoing.writableFinished)
        return answer
      },
    })
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo // it listens on a port
    const answer = await fetch(`http://127.0.0.1:${port}/files/late`)
    expect(await answer.text()).toBe('one two')
    await eventually(() => sent.length > 0)
    expect(sent).toEqual([true])
    await new Promise((resolve) => server.close(resolve))
  })

  it.each([
    ['throws', () => Promise.reject(new Error('secret words')), 500],
    ['misses a file', () => Promise.reject(new Error('Document not found')), 404],
  ])('answers an error that tells nothing when its handler %s', async (_what, handler, status) => {
    const { get } = await serve(handler)
    const answer = await get('/files/a')
    expect(answer.status).toBe(status)
    expect(await answer.text()).not.toMatch(/secret words|Document/)
  })

  it('refuses a body that is no JSON, and an agent that is no UUID', async () => {
    const { get } = await serve((_request, response) => response.json({}))
    const headers = { 'content-type': 'application/json' }
    expect((await get('/files/a', { method: 'POST', headers, body: '{' })).status).toBe(400)
    const wrong = await get('/files/a?agentId=me')
    expect(await wrong.json()).toMatchObject({ error: { code: 'INVALID_AGENT_ID' } })
    const two = await get(`/api/agents/${AGENT}/plugins/files/a?agentId=${OTHER}`)
    expect(two.status).toBe(400)
  })

  it('needs the token, unless it is public and outside of the API', async () => {
    const closed = await serve((_request, response) => response.json({}), {
      isPublic: false,
      authToken: 'a token',
    })
    // Whoever has no token does not learn what there is.
    expect((await closed.get(`/files/a?agentId=${AGENT}`)).status).toBe(404)
    expect(closed.asked.map(({ isAnonymous }) => isAnonymous)).toEqual([true])
    expect((await closed.get('/api/files/a')).status).toBe(401)
    expect((await closed.get('/files/a', { headers: { 'x-api-key': 'a token' } })).status).toBe(200)
    await served?.stop()
    const open = await serve((_request, response) => response.json({}), { authToken: 'a token' })
    expect((await open.get('/files/a')).status).toBe(200)
    expect((await open.get('/api/files/a')).status).toBe(401)
  })

  it('serves a folder, and nothing outside of it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'static-'))
    folders.push(folder)
    mkdirSync(join(folder, 'web'))
    writeFileSync(join(folder, 'secret.txt'), 'secret')
    writeFileSync(join(folder, 'web', 'page.html'), '<p>page</p>')
    symlinkSync(join(folder, 'secret.txt'), join(folder, 'web', 'link.txt'))
    const { get } = await serve(() => undefined, { staticFile: join(folder, 'web') })
    const page = await get('/files/page.html')
    expect(page.headers.get('content-type')).toMatch('text/html')
    expect(await page.text()).toBe('<p>page</p>')
    for (const path of ['/files/..%2fsecret.txt', '/files/link.txt', '/files/none', '/files/%00']) {
      expect([path, (await get(path)).status]).toEqual([path, 404])
    }
  })

  it("takes nothing of the API's own away", async () => {
    const { asked, get } = await serve((_request, response) => response.json({}), { pattern: '/*' })
    await get('/api/agents')
    await get('/healthz')
    expect(asked).toEqual([])
  })
})
