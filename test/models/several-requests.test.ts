import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { ModelError } from '../../agent/errors.ts'
import { createGoogleVendor } from '../../models/google.ts'
import { createOpenaiVendor } from '../../models/openai.ts'
import { createOpenrouterVendor } from '../../models/openrouter.ts'
import { pluginVendor } from '../../models/plugin-vendor.ts'
import { quietly, REQUEST } from './vendor-conformance.ts'

/** Answers one request; at the next one nobody is there. */
async function startOnce(body: object): Promise<string> {
  const server = createServer((_, response) => {
    server.close()
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' })
    response.end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A TCP server's address is never a string.
  const { port } = server.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}

const VECTORS = Array.from({ length: 256 }, () => [1, 0])
const TEXTS = Array.from({ length: 300 }, () => 'a')

describe('a call of several requests of which a later one reaches nobody', () => {
  it('may have been billed: vectors of OpenAI', async () => {
    const data = VECTORS.map((embedding) => ({ embedding }))
    const vendor = createOpenaiVendor({ baseUrl: await startOnce({ data }) })
    const call = vendor.embed?.({ model: 'm', texts: TEXTS }, quietly())
    await expect(call).rejects.toMatchObject({ retryable: true, isUnsent: undefined })
  })

  it('may have been billed: vectors of Google', async () => {
    const embeddings = VECTORS.slice(0, 100).map((values) => ({ values }))
    const vendor = createGoogleVendor({ baseUrl: await startOnce({ embeddings }), apiKey: 'k' })
    const call = vendor.embed?.({ model: 'm', texts: TEXTS }, quietly())
    await expect(call).rejects.toMatchObject({ retryable: true, isUnsent: undefined })
  })

  it('may have been billed: pictures of OpenRouter', async () => {
    const images = [{ image_url: { url: 'data:image/png;base64,c3R1Yg==' } }]
    const baseUrl = await startOnce({ choices: [{ message: { images } }] })
    const vendor = createOpenrouterVendor({ baseUrl, apiKey: 'k' })
    const call = vendor.draw?.({ model: 'm', prompt: 'A boat.', count: 2 }, quietly())
    await expect(call).rejects.toMatchObject({ retryable: true, isUnsent: undefined })
  })

  it('may have been billed: what a plugin did before it asked another model', async () => {
    const code = 'model_unavailable'
    const handler = async () => {
      throw new ModelError('Nobody is there.', { code, retryable: true, isUnsent: true })
    }
    const vendor = pluginVendor({ plugin: 'acme', purpose: 'TEXT_LARGE', priority: 0, handler })
    await expect(vendor.generate(REQUEST, quietly())).rejects.toMatchObject({
      ...{ message: 'Nobody is there.', code, isUnsent: undefined },
    })
  })
})
