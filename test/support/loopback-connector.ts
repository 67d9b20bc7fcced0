import { ConnectorError } from '../../agent/errors.ts'
import type { Content } from '../../agent/memory.ts'
import type { Connector } from '../../agent/ports.ts'

export interface LoopbackConnector extends Connector {
  /** What a person in the channel sees, oldest first. */
  readonly visible: readonly { readonly channelId: string; readonly text: string }[]
  /** Calls of `send`, those that showed nothing included. */
  calls(): number
  /** What happens to the next calls, each once: afterwards all goes well again. */
  readonly mishaps: Mishap[]
}

/** `lost answer`: the message is shown, but the caller does not hear of it. */
export type Mishap =
  | 'unreachable'
  | 'refused for good'
  | 'lost answer'
  /** Runs before the message is shown. */
  | (() => Promise<void>)

/** A chat platform in memory that knows each message's key and shows it once, as Discord does. */
export function createLoopbackConnector(source = 'loopback'): LoopbackConnector {
  const visible: { channelId: string; text: string }[] = []
  const mishaps: Mishap[] = []
  const shown = new Map<string, string>()
  let calls = 0
  const show = (key: string, channelId: string, content: Content): string => {
    const known = shown.get(key)
    if (known !== undefined) return known
    visible.push({ channelId, text: content.text ?? '' })
    const id = `platform-${visible.length}`
    shown.set(key, id)
    return id
  }
  return {
    ...{ source, visible, mishaps, calls: () => calls },
    async send({ key, channelId, content }) {
      calls += 1
      const mishap = mishaps.shift()
      if (mishap === 'unreachable') throw failure('The platform is away.', 'retryable')
      if (mishap === 'refused for good') throw failure('The channel is gone.', 'permanent')
      if (typeof mishap === 'function') await mishap()
      const platformMessageId = show(key, channelId, content)
      if (mishap === 'lost answer') throw failure('The connection broke.', 'retryable')
      return { platformMessageId }
    },
  }
}

const failure = (message: string, kind: 'permanent' | 'retryable') =>
  new ConnectorError(message, { kind })
