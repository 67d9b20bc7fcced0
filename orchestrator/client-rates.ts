import type { listen } from '../bin/http-server.ts'

type Fetch = Parameters<typeof listen>[0]

/** ElizaOS's: so many requests of one address in so long. */
const REQUESTS = 1_000
const WINDOW_MS = 15 * 60_000
/** Addresses that are remembered; a flood of others makes the oldest be forgotten. */
const ADDRESSES = 10_000

interface Window {
  readonly endsAt: number
  count: number
}

/** Refuses the requests of an address that asks too often. */
export function limitClients(fetch: Fetch, now: () => number = () => performance.now()): Fetch {
  const windows = new Map<string, Window>()
  return (request, env) => {
    const address = ('incoming' in env && env.incoming.socket.remoteAddress) || 'unknown'
    const window = openWindow(windows, address, now())
    window.count += 1
    return window.count > REQUESTS ? refusal(window.endsAt - now()) : fetch(request, env)
  }
}

function openWindow(windows: Map<string, Window>, address: string, now: number): Window {
  const known = windows.get(address)
  if (known && known.endsAt > now) return known
  const opened = { endsAt: now + WINDOW_MS, count: 0 }
  windows.delete(address)
  windows.set(address, opened)
  const [oldest] = windows.keys()
  if (windows.size > ADDRESSES && oldest !== undefined) windows.delete(oldest)
  return opened
}

function refusal(leftMs: number): Response {
  const seconds = Math.max(1, Math.ceil(leftMs / 1_000))
  const message = `Too many requests from this address. Try again in ${seconds} s.`
  const body = { success: false, error: { code: 'RATE_LIMITED', message } }
  return Response.json(body, { status: 429, headers: { 'Retry-After': String(seconds) } })
}
