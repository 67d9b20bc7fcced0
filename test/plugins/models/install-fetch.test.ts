import { afterEach, describe, expect, it } from '@jest/globals'
import { asMember, installedFetch } from './installed-fetch.ts'
import { startVendor, type VendorServer } from './vendor-server.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function serving(...of: Parameters<typeof startVendor>): Promise<VendorServer> {
  const server = await startVendor(...of)
  closers.push(server.close)
  return server
}

function installed(...of: Parameters<typeof installedFetch>) {
  const { restore, warnings } = installedFetch(...of)
  closers.push(restore)
  return warnings
}

describe('a request of a plugin', () => {
  it('is refused by name on a private address, and never sent', async () => {
    const server = await serving((_, response) => response.end('secret'))
    installed(['*'])
    await expect(asMember(() => fetch(`${server.url}/metadata`))).rejects.toThrow(
      /The plugin 'acme' \(action GREET\) may not reach the address '127.0.0.1'.*pluginPermissions\['acme'\].hosts/,
    )
    expect(server.hits).toEqual([])
  })

  it('is refused where a name leads to a private address', async () => {
    const server = await serving((_, response) => response.end('secret'))
    installed(['*'])
    const address = server.url.replace('127.0.0.1', 'localhost')
    await expect(asMember(() => fetch(address))).rejects.toThrow(
      /may not reach the host 'localhost'/,
    )
    expect(server.hits).toEqual([])
  })

  it('is sent where the grant names host and port, and the answer is as it was', async () => {
    const server = await serving((_, response) => response.writeHead(201, { 'x-a': 'b' }).end('hi'))
    installed([server.url.slice('http://'.length)])
    const answer = await asMember(() => fetch(`${server.url}/a`))
    expect([answer.status, answer.headers.get('x-a'), answer.url]).toEqual([
      ...[201, 'b', `${server.url}/a`],
    ])
    expect(await answer.text()).toBe('hi')
  })

  it('does not follow a redirect to a place that it may not ask', async () => {
    const inner = await serving((_, response) => response.end('secret'))
    const outer = await serving((_, response) =>
      response.writeHead(302, { location: inner.url }).end(),
    )
    installed([outer.url.slice('http://'.length)])
    await expect(asMember(() => fetch(outer.url))).rejects.toThrow(/may not reach the address/)
    expect(inner.hits).toEqual([])
  })

  it('is refused outside of the hosts that the plugin has', async () => {
    installed(['*.example.com'], () => true)
    await expect(asMember(() => fetch('https://example.org/'))).rejects.toThrow(
      /may not reach the host 'example.org'/,
    )
  })

  it('reads data: addresses, which lead nowhere', async () => {
    installed([])
    expect(await asMember(async () => (await fetch('data:,hi')).text())).toBe('hi')
  })
})

describe('a request of nobody’s plugin', () => {
  it('is passed on as it is', async () => {
    const server = await serving((_, response) => response.end('hi'))
    installed([])
    expect(await (await fetch(server.url)).text()).toBe('hi')
  })

  it('is the process’s own again afterwards', async () => {
    const before = globalThis.fetch
    const { restore } = installedFetch([])
    expect(() => installedFetch([])).toThrow(/cannot share one process/)
    await restore()
    expect(globalThis.fetch).toBe(before)
  })
})

it('says once that a plugin asks a vendor by itself', async () => {
  const warnings = installed([])
  const ask = () => asMember(() => fetch('https://api.openai.com/v1/models'))
  await expect(ask()).rejects.toThrow(/may not reach/)
  await expect(ask()).rejects.toThrow(/may not reach/)
  expect(warnings).toEqual([expect.stringContaining("asks 'api.openai.com' by itself: no ledger")])
})
