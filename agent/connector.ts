import { DomainError } from './errors.ts'

/**
 * The half of a connector that `deliver` needs: what a platform can do, and one call to it. The whole
 * contract is in `connectors/connector.ts`.
 */
export interface Sender {
  /** The platform: `discord`, `telegram`, … Rooms and outbox rows carry it. */
  readonly source: string
  /** The bot account it speaks as; rate limits of an account hold for it. @default the source has one */
  readonly account?: string
  readonly caps: Caps
  /**
   * Exactly one call to the platform, never a retry: order, splitting and repeats are the core's. An
   * edit that changes nothing, and a delete of what is gone, are successes.
   * @throws {SendFailed} Anything else that is thrown counts as `unknown`.
   */
  send(op: Outbound, signal: AbortSignal): Promise<Sent>
  /** Looks for the message of an earlier call with the same key. @throws {SendFailed} */
  findOwn?(op: Outbound, signal: AbortSignal): Promise<Sent | 'absent' | 'cannot-tell'>
}

export interface Caps {
  /** Of one message, in UTF-16 code units. At least 16. */
  readonly maxLength: number
  /** What keeps a repeated call from showing a message twice. */
  readonly dedup: Dedup
  /** `nonce` only: how long the platform remembers a key. @default 0: never relied upon */
  readonly dedupWindowMs?: number
  /** Messages can be changed; `reserve` needs it. */
  readonly edit: boolean
  /** The platform tells when a person deletes a message. */
  readonly deletesSeen: boolean
  /** What can be read back; `false`: nothing. */
  readonly history: { readonly maxAgeMs?: number } | false
  readonly typing: boolean
  /** Buttons and menus. */
  readonly components: boolean
  /** Between two edits of one message. */
  readonly minEditIntervalMs: number
}

/**
 * `nonce`: the platform shows a key once, for a while. `lookup`: our own messages can be found by their
 * key. `reserve`: neither, but a placeholder can be edited, as often as need be. `none`: nothing.
 */
export type Dedup = 'nonce' | 'lookup' | 'reserve' | 'none'

export type Outbound = Address & Operation

interface Address {
  readonly room: RoomRef
  /** The same for every call about one part of one message, and of no other; 25 characters at most. */
  readonly key: string
  /** From 0. */
  readonly part: number
  readonly parts: number
  /** The platform's id of the message that is answered. */
  readonly replyTo?: string
  /** What the platform gave to answer with, such as an interaction's token. */
  readonly token?: string
}

type Operation =
  | { readonly op: 'create' | 'reserve'; readonly body: Body }
  | { readonly op: 'edit'; readonly target: string; readonly body: Body }
  | { readonly op: 'delete'; readonly target: string }
  | { readonly op: 'typing' }

/** A channel, chat or thread. */
export interface RoomRef {
  /** The platform's own id. */
  readonly externalId: string
  /** The guild, workspace or group it belongs to. */
  readonly serverId?: string
}

export interface Body {
  readonly text: string
  readonly files?: readonly FileRef[]
  /** Buttons, where `caps.components` allows them; the text must make sense without. */
  readonly choices?: readonly { readonly id: string; readonly label: string }[]
}

/** A stored file by its id. Never a URL: those of platforms may contain tokens. */
export interface FileRef {
  readonly id: string
}

export interface Sent {
  /** The platform's id of the message; empty for `typing`. */
  readonly id: string
}

/** What is known after a call that did not succeed. */
export type SendError =
  /** No repeat can succeed: blocked, the channel is gone. Neither `code` nor `hint` quotes a message or a token. */
  | { readonly kind: 'permanent'; readonly code: string; readonly hint: string }
  /** Not shown; nobody shall call before `retryAfterMs` is over: for this room, or for the whole account. */
  | {
      readonly kind: 'rate-limited'
      readonly retryAfterMs: number
      readonly scope: 'room' | 'account'
    }
  /** Certainly not shown; a repeat may succeed. */
  | { readonly kind: 'not-sent'; readonly code: string }
  /** It may have been shown. */
  | { readonly kind: 'unknown' }

/** Carries a code only: the errors of platforms' clients quote messages, and tokens in URLs. */
export class SendFailed extends DomainError {
  readonly code = 'connector_failed'
  override readonly name = 'SendFailed'
  readonly error: SendError

  constructor(error: SendError) {
    super(`The platform did not take the message: ${'code' in error ? error.code : error.kind}.`)
    this.error = error
  }
}
