import { type Caps, type Outbound, SendFailed, type Sent } from '../../agent/connector.ts'
import type { PlatformAnswer, PlatformCall } from './loopback-state.ts'

/** As Discord's, unless told otherwise. */
export const LOOPBACK_CAPS: Caps = {
  ...{ maxLength: 2000, dedup: 'nonce', dedupWindowMs: 300_000, edit: true, deletesSeen: true },
  ...{ history: {}, typing: true, components: false, minEditIntervalMs: 0 },
}

/** What each kind of platform is told besides the text: a nonce, a tag that can be found, or nothing. */
export function toPlatformCall(op: Outbound, { dedup, history }: Caps): PlatformCall {
  const { key, room } = op
  return {
    ...{ op: op.op, channelId: room.externalId, key },
    text: 'body' in op ? op.body.text : undefined,
    target: 'target' in op ? op.target : undefined,
    nonce: dedup === 'nonce' && op.op === 'create' ? key : undefined,
    tag: dedup === 'lookup' || (dedup === 'nonce' && history !== false) ? key : undefined,
  }
}

/** `findOwn` exists where the platform keeps something to find a message by. */
export const canFindOwn = ({ dedup, history }: Caps): boolean =>
  dedup === 'lookup' || (dedup === 'nonce' && history !== false)

/** @throws {SendFailed} unless all went well. */
export function toSent(answer: PlatformAnswer): Sent {
  switch (answer.kind) {
    case 'ok':
      return { id: answer.id }
    case 'refused':
      throw new SendFailed({ kind: 'permanent', code: answer.code, hint: 'The platform refused.' })
    case 'rate limited': {
      const { retryAfterMs, scope } = answer
      throw new SendFailed({ kind: 'rate-limited', retryAfterMs, scope })
    }
    case 'not sent':
      throw new SendFailed({ kind: 'not-sent', code: 'unreachable' })
    case 'cut':
      throw new SendFailed({ kind: 'unknown' })
  }
}
