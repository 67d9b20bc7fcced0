import { createServer } from 'node:net'

/** How far from the wanted port the next free one is looked for. */
const NEARBY_PORTS = 100

/**
 * The wanted port, or the next free one above it, but not `other`. 0: any.
 * @throws when none nearby is free.
 */
export async function freePortFrom(port: number, ip: string, other?: number): Promise<number> {
  if (port === 0) return listenOnce(0, ip)
  for (let candidate = port; candidate < port + NEARBY_PORTS; candidate += 1) {
    if (candidate !== other && (await isPortFree(candidate, ip))) return candidate
  }
  throw new Error(`No port from ${port} to ${port + NEARBY_PORTS - 1} is free on ${ip}.`)
}

export async function isPortFree(port: number, ip: string): Promise<boolean> {
  return listenOnce(port, ip).then(
    () => true,
    () => false,
  )
}

/** Another program may take the port before its user does; whoever starts on it must be ready. */
function listenOnce(port: number, ip: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const server = createServer()
  server.once('error', reject)
  server.listen({ port, host: ip, exclusive: true }, () => {
    const address = server.address()
    const taken = typeof address === 'object' && address ? address.port : port
    server.close(() => resolve(taken))
  })
  return promise
}
