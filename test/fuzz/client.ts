import { setTimeout as delay } from 'node:timers/promises'
import type { Slot } from './slot.ts'

/** What an api answered at last. */
export interface Answered {
  readonly status: number
  readonly body: unknown
}

export interface Asking {
  readonly method?: 'POST'
  readonly path: string
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
  /** Index of the api that is asked first; the next one takes its place when it fails. */
  readonly api: number
}

/**
 * A good client: asks again, under the same key, until an api takes or refuses what it asks. Undefined
 * when `signal` was aborted before that.
 */
export type Ask = (asking: Asking, signal: AbortSignal) => Promise<Answered | undefined>

/** Longer than an api lets a client wait for a reply. */
const REQUEST_MS = 9_000
const PAUSE_MS = 200

export function createAsk(slots: readonly Slot[]): Ask {
  const apis = slots.filter(({ role }) => role === 'api')
  return async (asking, signal) => {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const url = apis[(asking.api + attempt) % apis.length]?.url()
      const answered = url === undefined ? undefined : await once(url, asking, signal)
      if (answered && answered.status < 500 && answered.status !== 429) return answered
      await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined)
    }
    return undefined
  }
}

async function once(
  url: string,
  { method, path, body, headers }: Asking,
  signal: AbortSignal,
): Promise<Answered | undefined> {
  try {
    const response = await fetch(url + path, {
      method,
      headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
      body: body && JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return { status: response.status, body: isJson ? JSON.parse(text) : text }
  } catch {
    return undefined // the process died, or was too slow
  }
}
