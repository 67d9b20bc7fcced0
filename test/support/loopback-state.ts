import { setTimeout as delay } from 'node:timers/promises'
import type { Outbound } from '../../agent/connector.ts'

/** What a person in the channel sees of one message. */
export interface Visible {
  readonly id: string
  readonly channelId: string
  readonly text: string
  /** Of the call that made it; the platform's person does not see it. */
  readonly key: string
}

export interface RecordedCall {
  readonly op: Outbound['op'] | 'findOwn'
  readonly channelId: string
  readonly key: string
  /** Milliseconds since the epoch, when the call arrived. */
  readonly at: number
  outcome: PlatformAnswer['kind'] | 'open'
}

export type MishapKind =
  /** Nothing is shown, and the caller knows. */
  | 'unreachable'
  /** No repeat can succeed. */
  | 'refused for good'
  /** The connection breaks before anything is shown: the caller cannot know. */
  | 'cut before'
  /** It is shown, but the caller does not hear of it. */
  | 'lost answer'
  | 'rate limited'
  /** The call takes `ms` before anything is shown. */
  | 'slow'
  /** It is shown at once, and answered after `ms`. */
  | 'slow answer'

export interface MishapDetails {
  readonly kind: MishapKind
  /** Only calls of this kind meet it. @default any that sends */
  readonly op?: RecordedCall['op']
  readonly ms?: number
  /** @default 1000 */
  readonly retryAfterMs?: number
  /** @default 'room' */
  readonly scope?: 'room' | 'account'
  /** Calls that meet it. @default 1 */
  readonly times?: number
}

/** A function runs before the message is shown. */
export type Mishap = MishapKind | MishapDetails | (() => Promise<void>)

export type PlatformAnswer =
  | { readonly kind: 'ok'; readonly id: string }
  | { readonly kind: 'refused'; readonly code: string }
  | {
      readonly kind: 'rate limited'
      readonly retryAfterMs: number
      readonly scope: 'room' | 'account'
    }
  | { readonly kind: 'not sent' }
  | { readonly kind: 'cut' }

/** What the wire carries. A platform knows only what its dialect has: keys as nonces, tags, or nothing. */
export interface PlatformCall {
  readonly op: Outbound['op']
  readonly channelId: string
  /** For the record only: the platform itself does not know it. */
  readonly key: string
  readonly text?: string
  readonly target?: string
  /** A message with the same nonce is shown once within the window. */
  readonly nonce?: string
  /** Kept with the message, and found again by `own`. */
  readonly tag?: string
}

interface Message {
  readonly id: string
  readonly key: string
  readonly channelId: string
  readonly shownAt: number
  readonly nonce?: string
  readonly tag?: string
  text: string
  isDeleted: boolean
}

export interface LoopbackLimits {
  /** @default 2000 */
  readonly maxLength?: number
  /** How long nonces are remembered. @default 5 minutes */
  readonly nonceWindowMs?: number
}

/** A chat platform in memory: what is shown, by what calls, and what shall go wrong with the next. */
export function createLoopbackState({ maxLength = 2000, nonceWindowMs = 300_000 }: LoopbackLimits) {
  const messages: Message[] = []
  const calls: RecordedCall[] = []
  const mishaps: Mishap[] = []
  const record = (call: Pick<RecordedCall, 'op' | 'channelId' | 'key'>): RecordedCall => {
    const { op, channelId, key } = call
    const recorded: RecordedCall = { op, channelId, key, at: Date.now(), outcome: 'open' }
    calls.push(recorded)
    return recorded
  }
  const create = ({ channelId, key, nonce, tag }: PlatformCall, text: string): PlatformAnswer => {
    const oldest = Date.now() - nonceWindowMs
    const known = messages.find(
      (message) => nonce !== undefined && message.nonce === nonce && message.shownAt > oldest,
    )
    if (known) return { kind: 'ok', id: known.id }
    const id = `platform-${messages.length + 1}`
    messages.push({ id, key, channelId, nonce, tag, text, shownAt: Date.now(), isDeleted: false })
    return { kind: 'ok', id }
  }
  const apply = (call: PlatformCall): PlatformAnswer => {
    const { op, target, text = '' } = call
    if (op === 'typing') return { kind: 'ok', id: '' }
    const message = messages.find(({ id, isDeleted }) => id === target && !isDeleted)
    if (op === 'delete') {
      if (message) message.isDeleted = true
      return { kind: 'ok', id: target ?? '' }
    }
    if (text === '') return { kind: 'refused', code: 'empty' }
    if (text.length > maxLength) return { kind: 'refused', code: 'too_long' }
    if (op !== 'edit') return create(call, text)
    if (!message) return { kind: 'refused', code: 'unknown_message' }
    message.text = text
    return { kind: 'ok', id: message.id }
  }
  const perform = async (call: PlatformCall): Promise<PlatformAnswer> => {
    const recorded = record(call)
    const answer = await afflicted(takeMishap(mishaps, call.op), () => apply(call))
    recorded.outcome = answer.kind
    return answer
  }
  return {
    ...{ calls, mishaps, perform },
    /** Our own messages of a channel by tag; deleted ones are gone. */
    own(channelId: string, key: string): { id: string } | undefined {
      record({ op: 'findOwn', channelId, key }).outcome = 'ok'
      return messages.find((m) => m.channelId === channelId && m.tag === key && !m.isDeleted)
    },
    visible: (channel?: string): Visible[] =>
      messages
        .filter((m) => !m.isDeleted && (channel === undefined || m.channelId === channel))
        .map(({ id, channelId, text, key }) => ({ id, channelId, text, key })),
  }
}

export type LoopbackState = ReturnType<typeof createLoopbackState>

/** The first that is meant for this call, used up. */
function takeMishap(mishaps: Mishap[], op: Outbound['op']): Mishap | undefined {
  const index = mishaps.findIndex(
    (mishap) =>
      typeof mishap !== 'object' || (mishap.op === undefined ? op !== 'typing' : mishap.op === op),
  )
  const mishap = mishaps[index]
  if (mishap === undefined) return undefined
  mishaps.splice(index, 1)
  if (typeof mishap === 'object' && (mishap.times ?? 1) > 1)
    mishaps.splice(index, 0, { ...mishap, times: (mishap.times ?? 1) - 1 })
  return mishap
}

async function afflicted(
  mishap: Mishap | undefined,
  apply: () => PlatformAnswer,
): Promise<PlatformAnswer> {
  if (typeof mishap === 'function') await mishap()
  if (mishap === undefined || typeof mishap === 'function') return apply()
  const details: MishapDetails = typeof mishap === 'string' ? { kind: mishap } : mishap
  const { retryAfterMs = 1_000, scope = 'room', ms = 1_000 } = details
  switch (details.kind) {
    case 'unreachable':
      return { kind: 'not sent' }
    case 'refused for good':
      return { kind: 'refused', code: 'channel_gone' }
    case 'rate limited':
      return { kind: 'rate limited', retryAfterMs, scope }
    case 'cut before':
      return { kind: 'cut' }
    case 'lost answer':
      apply()
      return { kind: 'cut' }
    case 'slow':
      await delay(ms)
      return apply()
    case 'slow answer': {
      const answer = apply()
      await delay(ms)
      return answer
    }
  }
}
