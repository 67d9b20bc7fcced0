import { type Caps, type Outbound, SendFailed, type Sent } from '../../agent/connector.ts'
import type { Connector } from '../../connectors/connector.ts'
import { canFindOwn, LOOPBACK_CAPS, toPlatformCall, toSent } from './loopback-dialect.ts'
import type { PlatformAnswer } from './loopback-state.ts'

export interface LoopbackClientOptions {
  /** Of a platform that `startLoopbackPlatform` made, in this or another process. */
  readonly url: string
  /** @default 'loopback' */
  readonly source?: string
  readonly account?: string
  /** Over those of `LOOPBACK_CAPS`: a platform with nonces and history. */
  readonly caps?: Partial<Caps>
}

/** A connector that talks to a loopback platform by HTTP: for real processes. It receives nothing. */
export function createLoopbackClient(options: LoopbackClientOptions): Connector {
  const { url, source = 'loopback', account } = options
  const caps = { ...LOOPBACK_CAPS, ...options.caps }
  const connector: Connector = {
    ...{ source, account, caps },
    async check() {
      const isThere = await fetch(`${url}/health`)
        .then(({ ok }) => ok)
        .catch(() => false)
      const hint = 'Start the loopback platform.'
      return isThere ? [] : [{ level: 'fatal', code: 'unreachable', hint }]
    },
    receive: (_sink, _cursor, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) resolve()
        else signal.addEventListener('abort', () => resolve(), { once: true })
      }),
    async send(op, signal) {
      const body = JSON.stringify(toPlatformCall(op, caps))
      return toSent(await ask<PlatformAnswer>(`${url}/calls`, { method: 'POST', body, signal }))
    },
  }
  if (!canFindOwn(caps)) return connector
  return { ...connector, findOwn: (op, signal) => findOwn(url, op, signal) }
}

async function findOwn(url: string, op: Outbound, signal: AbortSignal): Promise<Sent | 'absent'> {
  const query = new URLSearchParams({ channelId: op.room.externalId, key: op.key })
  const { id } = await ask<{ id: string | null }>(`${url}/own?${query}`, { signal })
  return id === null ? 'absent' : { id }
}

/** A refused connection was never sent; any other break may have been. */
async function ask<Answer>(url: string, init: RequestInit): Promise<Answer> {
  try {
    const response = await fetch(url, init)
    return (await response.json()) as Answer // the loopback platform's own
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { code?: string } // as undici throws
    if (code === 'ECONNREFUSED') throw new SendFailed({ kind: 'not-sent', code: 'unreachable' })
    throw new SendFailed({ kind: 'unknown' })
  }
}
