import type { LookupAddress } from 'node:dns'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from '@jest/globals'
import { createMediaFetcher, type MediaFetchOptions } from '../../bin/media-fetch.ts'

const LOCAL = ['127.0.0.1']
const KIB = 1024
const servers: Server[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** A server on loopback; what it was asked. */
async function serve(listener: RequestListener) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    listener(request, response)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, asked }
}

const text =
  (body: string, headers = {}): RequestListener =>
  (_, response) =>
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', ...headers }).end(body)

const NEVER = new AbortController().signal

const fetchMedia = (
  url: string,
  options: Partial<MediaFetchOptions> = {},
  { maxBytes = 64 * KIB, signal = NEVER } = {},
) => createMediaFetcher({ allowedHosts: LOCAL, ...options }).fetch(url, { maxBytes, signal })

/** A name server that says what the test wants. */
const resolving = (...addresses: string[]): Partial<MediaFetchOptions> => ({
  allowedHosts: [],
  resolve: ((
    _name: string,
    _options: unknown,
    callback: (error: null, found: LookupAddress[]) => void,
  ) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )) as unknown as MediaFetchOptions['resolve'],
})

describe('what is fetched', () => {
  it('comes with the type and the charset that its server names', async () => {
    const { url } = await serve(text('Grüße', { 'content-type': 'Text/Plain; charset="UTF-8"' }))
    const fetched = await fetchMedia(`${url}/note.txt`)
    expect(Buffer.from(fetched.data).toString()).toBe('Grüße')
    expect(fetched).toMatchObject({ mimeType: 'text/plain', charset: 'UTF-8' })
  })

  it('asks for no cookie, no proxy and no compression', async () => {
    const seen: unknown[] = []
    const { url } = await serve((request, response) => {
      seen.push(request.headers)
      text('ok')(request, response)
    })
    await fetchMedia(url)
    expect(seen).toEqual([
      expect.objectContaining({ 'accept-encoding': 'identity', accept: '*/*' }),
    ])
    expect(seen[0]).not.toHaveProperty('cookie')
  })

  it('may stand behind three redirects, and no more', async () => {
    const { url, asked } = await serve((request, response) => {
      const left = Number(request.url?.slice(1))
      if (left === 0) return void response.writeHead(200).end('here')
      response.writeHead(302, { location: `/${left - 1}` }).end()
    })
    expect(Buffer.from((await fetchMedia(`${url}/3`)).data).toString()).toBe('here')
    await expect(fetchMedia(`${url}/4`)).rejects.toThrow('redirects too often')
    expect(asked).toEqual(['/3', '/2', '/1', '/0', '/4', '/3', '/2', '/1'])
  })
})

describe('a server that must not be asked', () => {
  it.each([
    'http://127.0.0.1:1/',
    'http://localhost:1/',
    'http://[::1]:1/',
    'http://[::ffff:127.0.0.1]:1/',
    'http://2130706433:1/',
    'http://0x7f.1:1/',
    'http://0:1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://10.0.0.1/',
    'https://192.168.1.1/',
  ])('is refused before a connection is made: %s', async (url) => {
    const refused = fetchMedia(url, { allowedHosts: [] })
    await expect(refused).rejects.toMatchObject({
      message: 'its server is not in the public internet',
      hint: 'TURNKEEPER_MEDIA_HOSTS names the exceptions.',
    })
  })

  it('is refused behind a public name, whatever else the name leads to', async () => {
    const { port, asked } = await serve(text('secret'))
    for (const addresses of [['127.0.0.1'], ['::1'], ['93.184.216.34', '127.0.0.1'], []]) {
      const refused = fetchMedia(`http://cdn.example:${port}/`, resolving(...addresses))
      await expect(refused).rejects.toThrow('not in the public internet')
    }
    expect(asked).toEqual([])
  })

  it('is refused behind an allowed name that redirects to another one', async () => {
    const inside = await serve(text('secret'))
    const front = await serve((_, response) =>
      response.writeHead(302, { location: `http://cdn.example:${inside.port}/` }).end(),
    )
    const options = { ...resolving('127.0.0.1'), allowedHosts: ['front.example'] }
    const refused = fetchMedia(`http://front.example:${front.port}/`, options)
    await expect(refused).rejects.toThrow('not in the public internet')
    expect([front.asked, inside.asked]).toEqual([['/'], []])
  })

  it.each([
    ['its address', (port: number) => `http://127.0.0.2:${port}/`],
    ['its name', (port: number) => `http://localhost:${port}/`],
    ['a number', (port: number) => `http://2130706434:${port}/`],
  ])('is refused behind a redirect to %s', async (_, target) => {
    const inside = await serve(text('secret'))
    const outside = await serve((_request, response) =>
      response.writeHead(307, { location: target(inside.port) }).end(),
    )
    await expect(fetchMedia(outside.url)).rejects.toThrow('not in the public internet')
    expect(inside.asked).toEqual([])
  })

  it.each([
    ['file:///etc/passwd', "begins with 'file:'"],
    ['ftp://example.org/x', "begins with 'ftp:'"],
    ['http://user:secret@127.0.0.1/', 'has a user name in it'],
    ['cat.jpg', 'is no URL'],
    ['', 'is no URL'],
  ])('is not even a server: %s', async (url, reason) => {
    await expect(fetchMedia(url)).rejects.toThrow(reason)
  })

  it('is not hidden behind a redirect to a file', async () => {
    const { url } = await serve((_, response) =>
      response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    )
    await expect(fetchMedia(url)).rejects.toThrow("begins with 'file:'")
  })
})

describe('a server that means no good', () => {
  it('is left when it announces more than was asked for', async () => {
    const { url } = await serve(text('x', { 'content-length': String(10 ** 9) }))
    await expect(fetchMedia(url)).rejects.toThrow('larger than 64 KiB')
  })

  it('is left when its body does not end', async () => {
    let sent = 0
    const { url } = await serve((_, response) => {
      const more = () => {
        sent += KIB
        if (!response.destroyed) response.write(Buffer.alloc(KIB), () => setImmediate(more))
      }
      more()
    })
    await expect(fetchMedia(url)).rejects.toThrow('larger than 64 KiB')
    expect(sent).toBeLessThan(10_000 * KIB)
  })

  it('is left when it compresses: a small body could be a large one', async () => {
    const bomb = gzipSync(Buffer.alloc(1_000 * KIB))
    const { url } = await serve((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    )
    await expect(fetchMedia(url)).rejects.toThrow('compresses')
  })

  it('is left when it breaks off', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half', () => response.destroy())
    })
    await expect(fetchMedia(url)).rejects.toThrow('broke off')
  })

  it.each([404, 500, 204, 206])('says so with its status %i', async (status) => {
    const { url } = await serve((_, response) => response.writeHead(status).end())
    await expect(fetchMedia(url)).rejects.toThrow(`answered ${status}`)
  })

  it('is named by what happened when nobody answers', async () => {
    const { port } = await serve(text('x'))
    for (const server of servers.splice(0)) await new Promise((done) => server.close(done))
    const failed = fetchMedia(`http://127.0.0.1:${port}/`)
    await expect(failed).rejects.toThrow('could not be reached (ECONNREFUSED)')
  })

  it.each([
    ['before its head', false],
    ['in its body', true],
  ])('is left when the caller goes, %s', async (_, hasHead) => {
    const caller = new AbortController()
    const { url } = await serve((_request, response) => {
      if (hasHead) response.write('some')
      setImmediate(() => caller.abort(new Error('The caller went.')))
    })
    const options = { maxBytes: KIB, signal: caller.signal }
    await expect(fetchMedia(url, {}, options)).rejects.toThrow('The caller went.')
  })
})

describe('an attachment inside a message', () => {
  it.each([
    ['data:text/plain;base64,aGVsbG8=', 'hello', 'text/plain'],
    ['data:text/plain;charset=utf-8,hell%C3%B6', 'hellö', 'text/plain'],
    ['DATA:image/png;base64,iVBORw0KGgo=', '\x89PNG\r\n\x1a\n', 'image/png'],
    ['data:,plain', 'plain', 'text/plain'],
  ])('is decoded: %s', async (url, content, mimeType) => {
    const fetched = await fetchMedia(url)
    expect(fetched.mimeType).toBe(mimeType)
    const encoding = mimeType === 'image/png' ? 'latin1' : 'utf8'
    expect(Buffer.from(fetched.data).toString(encoding)).toBe(content)
  })

  it.each([KIB * 48 + 1, KIB * 1_000])('is refused with %i bytes too many', async (bytes) => {
    const url = `data:image/png;base64,${Buffer.alloc(bytes).toString('base64')}`
    const refused = fetchMedia(url, {}, { maxBytes: 48 * KIB, signal: NEVER })
    await expect(refused).rejects.toThrow('larger than 48 KiB')
  })

  it.each(['data:image/png;base64', 'data:image/png;base64,%%%'])(
    'is refused when it cannot be read: %s',
    async (url) => {
      await expect(fetchMedia(url)).rejects.toThrow('data: URL cannot be read')
    },
  )
})
