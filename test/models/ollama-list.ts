import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface OllamaList {
  readonly url: string
  /** How often the models were asked for. */
  asked(): number
  close(): Promise<void>
}

/** An Ollama that only tells which models it has. */
export async function startOllamaList(models: readonly string[]): Promise<OllamaList> {
  let asked = 0
  const server = createServer((request, response) => {
    if (request.url === '/api/tags') asked += 1
    const body = { models: models.map((model) => ({ name: model, model })) }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // a TCP server has one
  return {
    url: `http://127.0.0.1:${port}`,
    asked: () => asked,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
