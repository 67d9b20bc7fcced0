import { afterEach, describe, expect, it } from '@jest/globals'
import { pluginVendor } from '../../../models/plugin-vendor.ts'
import type { ElizaModelHandler } from '../../../plugins/contract.ts'
import { modelMember } from '../../../plugins/models/model-member.ts'
import type { Runtime } from '../../../plugins/runtime.ts'
import { currentScope } from '../../../plugins/scope.ts'
import { quietly, REQUEST } from '../../models/vendor-conformance.ts'
import { AGENT, installedFetch } from './installed-fetch.ts'
import { json, startVendor } from './vendor-server.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function serving(...of: Parameters<typeof startVendor>) {
  const server = await startVendor(...of)
  const { restore } = installedFetch([server.url.slice('http://'.length)])
  closers.push(server.close, restore)
  return server
}

const vendorOf = (handler: ElizaModelHandler) =>
  pluginVendor({
    ...{ plugin: 'acme', purpose: 'TEXT_LARGE', priority: 0 },
    handler: modelMember({
      ...{ agentId: AGENT, plugin: 'acme', type: 'TEXT_LARGE', handler },
      runtime: { agentId: AGENT } as Runtime, // the handlers here ask nothing of it
    }),
  })

const ask = (handler: ElizaModelHandler, options = quietly()) =>
  vendorOf(handler).generate(REQUEST, options)

/** As clients do that try again whatever happens. */
async function stubborn(url: string): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await fetch(url, {
        ...{ method: 'POST', headers: { authorization: 'Bearer my-canary-key' } },
      })
      if (response.ok || attempt === 3) return response
    } catch (error) {
      if (attempt === 3) throw error
    }
  }
}

/** As the AI SDK's: it ends normally, and its promises reject without a reason. */
async function silentStream(url: string) {
  const sent = fetch(url, { method: 'POST' }).then((response) => response.text())
  const failed = sent.then((text) => {
    if (text.includes('"error"')) throw new Error('No output generated.')
    return 'stop'
  })
  const parts = () => failed.catch(() => Promise.reject(new Error('No output generated.')))
  async function* none(): AsyncGenerator<string> {
    await sent.catch(() => undefined)
  }
  return { textStream: none(), text: parts(), usage: parts(), finishReason: parts() }
}

describe('a plugin’s model whose vendor fails', () => {
  it.each([429, 500, 503])(
    'asks it once for %i, and the error keeps what it said',
    async (status) => {
      const server = await serving((_, response) =>
        json(response, status, { error: 'slow down, my-canary-key' }, { 'retry-after': '7' }),
      )
      const failure = ask(() => stubborn(`${server.url}/v1/responses`))
      await expect(failure).rejects.toMatchObject({
        ...{ name: 'ModelError', code: 'model_unavailable', retryable: true },
        ...{ status, retryAfterMs: 7_000 },
        message: expect.stringContaining('slow down, [key]'),
      })
      expect(server.hits).toEqual(['POST /v1/responses'])
    },
  )

  it('is rejected for 401, although the handler says something else', async () => {
    const server = await serving((_, response) => json(response, 401, { error: 'bad sk-canary' }))
    const failure = ask(async () => {
      const response = await fetch(server.url)
      expect(await response.json()).toEqual({ error: 'bad sk-canary' })
      throw new Error('something went wrong')
    })
    await expect(failure).rejects.toMatchObject({
      ...{ code: 'model_rejected', retryable: false, status: 401 },
      message: expect.stringContaining("The plugin 'acme' asked '127.0.0.1"),
    })
    await expect(failure).rejects.not.toThrow(/canary/)
  })

  it('is a failure that the handler puts into words, unless somebody else answered it', async () => {
    const server = await serving((request, response) => {
      if (request.url === '/other') return json(response, 200, {})
      return json(response, 503, { error: 'no room' })
    })
    const excusing = (then?: string) => async () => {
      await fetch(`${server.url}/first`).catch(() => undefined)
      if (then) await fetch(server.url + then)
      return 'Sorry, I could not do that.'
    }
    await expect(ask(excusing())).rejects.toThrow(/got 503/)
    await expect(ask(excusing('/other'))).resolves.toMatchObject({ text: expect.any(String) })
  })

  it('is a failure when its stream breaks down after some words, whatever reason it is given', async () => {
    const server = await serving((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end('data: {"type":"error","error":{"message":"busy"}}\n\n')
    })
    const cutShort = async () => {
      const sent = fetch(server.url).then((response) => response.text())
      async function* some(): AsyncGenerator<string> {
        yield 'Some words'
        await sent
      }
      return { textStream: some(), text: sent, finishReason: sent.then(() => 'unknown') }
    }
    await expect(ask(cutShort)).rejects.toThrow(/got an error .*busy/)
  })

  it('is unavailable when there is nobody', async () => {
    const server = await serving((_, response) => response.end())
    await server.close()
    closers.shift()
    await expect(ask(() => stubborn(server.url))).rejects.toMatchObject({
      ...{ code: 'model_unavailable', retryable: true },
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it.each([
    ['a status', (url: string) => silentStream(`${url}/refuse`), /got 429 \(\{"error":"later"\}\)/],
    [
      'an event in its stream',
      (url: string) => silentStream(`${url}/event`),
      /got an error .*busy/,
    ],
  ])('leaves the reason of a stream that says none: %s', async (_, stream, reason) => {
    const lost: unknown[] = []
    const note = (error: unknown) => lost.push(error)
    process.on('unhandledRejection', note)
    const server = await serving((request, response) => {
      if (request.url === '/refuse') return json(response, 429, { error: 'later' })
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      return response.end('data: {"type":"error","error":{"message":"busy"}}\n\n')
    })
    await expect(ask(() => stream(server.url))).rejects.toThrow(reason)
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    expect(lost).toEqual([])
    expect(server.hits).toHaveLength(1)
  })
})

describe('a plugin’s model', () => {
  it('is billed by what its vendor’s JSON says', async () => {
    const usage = { prompt_tokens: 12, completion_tokens: 3 }
    const server = await serving((_, response) => json(response, 200, { answer: 'Hi.', usage }))
    const result = await ask(async () => {
      const body = (await (await fetch(server.url)).json()) as { answer: string } // of the server above
      return body.answer
    })
    expect(result).toMatchObject({ text: 'Hi.', usage: { inputTokens: 12, outputTokens: 3 } })
  })

  it('keeps its scope while its stream is read, and not longer', async () => {
    const seen: unknown[] = []
    let scope: ReturnType<typeof currentScope>
    await ask(() => {
      scope = currentScope()
      async function* pieces() {
        seen.push(currentScope()?.member, currentScope()?.state)
        yield 'Hi.'
      }
      return { textStream: pieces(), text: '', usage: {}, finishReason: 'stop' }
    })
    expect(seen).toEqual(['model TEXT_LARGE', 'open'])
    await new Promise((resolve) => setImmediate(resolve))
    expect(scope?.state).toBe('ended')
  })

  it('stops asking when the call is aborted', async () => {
    const server = await serving(() => undefined)
    const abort = new AbortController()
    const aborted: unknown[] = []
    const failure = ask(() => fetch(server.url).catch((error: unknown) => aborted.push(error)), {
      ...quietly(),
      signal: abort.signal,
    })
    const reason = new Error('cancelled')
    abort.abort(reason)
    await expect(failure).rejects.toBe(reason)
    await new Promise((resolve) => setImmediate(resolve))
    expect(aborted).toEqual([reason])
  })
})
