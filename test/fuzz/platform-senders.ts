import type { Caps, Sender } from '../../agent/connector.ts'
import { createLoopbackClient } from '../support/loopback-client-connector.ts'
import type { Source } from './plan.ts'

type Platform = Exclude<Source, 'own'>

const NO_HISTORY = { history: false, edit: false } as const

/** What each kind of platform can do. The lengths make parts of some messages. */
const CAPS: Readonly<Record<Platform, Partial<Caps>>> = {
  nonce: { dedup: 'nonce', maxLength: 60 },
  reserve: { dedup: 'reserve', maxLength: 80, ...NO_HISTORY, edit: true },
  none: { dedup: 'none', ...NO_HISTORY },
}

/** Connectors to the platforms of a run; undefined for our own clients. */
export function platformSenders(url: string): (source: string) => Sender | undefined {
  const senders = Object.entries(CAPS).map(([source, caps]) =>
    createLoopbackClient({ source, url, caps }),
  )
  return (source) => senders.find((sender) => sender.source === source)
}
