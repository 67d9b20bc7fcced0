import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import { FailedRequestError, vendorFetch } from '../../models/vendor-fetch.ts'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A TCP server's address is never a string.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const ask = vendorFetch({
  mediaType: () => 'application/json',
  maxBytes: 1_000_000,
  refusal: (message) => ({ message }),
})

async function failure(url: string) {
  const error = await ask(url, { headers: { 'x-goog-api-key': 'secret' } }).catch((e: unknown) => e)
  return error instanceof FailedRequestError ? error.failure : error
}

describe('the fetch of a vendor’s client', () => {
  it('does not follow a redirect, which would carry the key to another host', async () => {
    let isFollowed = false
    const other = await serve((_, response) => {
      isFollowed = true
      response.end('{}')
    })
    const url = await serve((_, response) => {
      response.writeHead(302, { location: other }).end()
    })
    expect(await failure(url)).toMatchObject({ kind: 'refusal', status: 302 })
    expect(isFollowed).toBe(false)
  })

  it.each([
    [400, { kind: 'refusal', status: 400 }],
    [200, { kind: 'not-an-answer', got: 'text/html' }],
  ])('hangs up on a page without end (%i)', async (status, expected) => {
    const ended = Promise.withResolvers<void>()
    const url = await serve((_, response) => {
      response.writeHead(status, { 'content-type': 'text/html' })
      const timer = setInterval(() => response.write(`<html>${'x'.repeat(20_000)}`), 1)
      response.once('close', () => {
        clearInterval(timer)
        ended.resolve()
      })
    })
    expect(await failure(url)).toMatchObject(expected)
    await ended.promise
  })

  it('keeps the headers of a refusal, which say when to come back', async () => {
    const url = await serve((_, response) => {
      response.writeHead(503, { 'retry-after': '7' }).end('{"a":1}')
    })
    const { headers } = (await failure(url)) as { headers: Headers }
    expect(headers.get('retry-after')).toBe('7')
  })

  it('leaves an answer whose type is not said to the client', async () => {
    const url = await serve((_, response) => {
      response.end('{"a":1}')
    })
    expect(await (await ask(url)).json()).toEqual({ a: 1 })
  })
})
