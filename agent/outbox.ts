import type { RoomRef } from './connector.ts'
import type { Content } from './memory.ts'

/** A message that is not sent yet, or only in part. */
export interface OutboxRow {
  readonly id: string
  readonly roomId: string
  readonly turnId: string
  readonly agentId: string
  readonly source: string
  readonly room: RoomRef
  /** The platform's id of the message that is answered. */
  readonly replyTo: string | undefined
  readonly content: Content
  /** What earlier attempts split it by; null before the first call. */
  readonly maxLength: number | null
  /** Those that were ever begun, by their number. */
  readonly parts: Readonly<Record<number, PartProgress>>
}

export interface PartProgress {
  /** `reserved`: a placeholder stands there, and its text may or may not be the part's. */
  readonly state: 'open' | 'reserved' | 'sent'
  readonly platformMessageId: string | null
  /** How long ago the first call of unknown outcome began; null when all is known. */
  readonly unknownForMs: number | null
}

/** Who drains a room, under which lease. */
export interface Drain {
  readonly roomId: string
  readonly token: string
}

/** One call to a platform about one part. */
export interface PartCall extends Drain {
  readonly rowId: string
  readonly part: number
  readonly source: string
  /** The bot account; empty when the source has one only. */
  readonly account: string
  readonly maxLength: number
  /** Earlier calls are known to have shown nothing: what is unknown begins with this one. */
  readonly isFresh: boolean
  /** It may show the part twice, and nobody can tell. */
  readonly isRisky: boolean
}

export type Begun =
  | { readonly kind: 'begun' }
  /** Nobody may call the platform for so long. */
  | { readonly kind: 'paused'; readonly ms: number }
  /** The row was retracted, or has ended otherwise. */
  | { readonly kind: 'gone' }
  /** Another drain holds the room. */
  | { readonly kind: 'fenced' }

export interface Shown {
  readonly platformMessageId: string
  readonly state: 'reserved' | 'sent'
  /** Nothing of the row is left to be sent. */
  readonly isLast: boolean
}

export interface Postponement {
  /** A code: no words of the platform. */
  readonly reason: string
  /** The call, and all before it, showed nothing. */
  readonly isUnshown: boolean
  /** The platform's own wish; else the room waits longer after each failure. */
  readonly retryAfterMs?: number
  readonly scope: 'room' | 'account'
}

export type Postponed =
  | { readonly kind: 'waiting'; readonly ms: number }
  /** It was tried for too long: the row has failed. */
  | { readonly kind: 'given up' }
  | { readonly kind: 'fenced' }

/**
 * The rooms' queues of messages to chat platforms. Every write is the lease holder's: a drain that was
 * presumed dead and wakes up changes nothing.
 */
export interface Outbox {
  /** Takes or extends the right to drain the room. False while another holds it. */
  lease(roomId: string, token: string): Promise<boolean>
  /** Gives the right back; false when rows wait: then it is kept. */
  release(roomId: string, token: string): Promise<boolean>
  /** Gives the right back although rows wait: a later attempt goes on. */
  leave(roomId: string, token: string): Promise<void>
  /** The oldest that has not ended. */
  next(roomId: string): Promise<OutboxRow | undefined>
  /** Right before a call: from here on its outcome is unknown until something else is written. Extends the lease. */
  begin(call: PartCall): Promise<Begun>
  /** False when the lease was lost. */
  shown(call: PartCall, shown: Shown): Promise<boolean>
  /** The call did not succeed; another one may, later. */
  postpone(call: PartCall, postponement: Postponement): Promise<Postponed>
  /** The row is settled with the reason. False when the lease was lost. */
  fail(row: Drain & { readonly rowId: string }, reason: string): Promise<boolean>
}

/** What a call of unknown outcome means on a platform that can tell neither before nor afterwards. */
export type UnknownSends = 'repeat' | 'drop'

export interface SendingSettings {
  /** `repeat`: a message may be seen twice; `drop`: it may not be seen at all. */
  readonly unknownSends: UnknownSends
  /** A call that takes longer is cut off, its outcome unknown. */
  readonly sendLimitMs: number
}

export const DEFAULT_SENDING: SendingSettings = { unknownSends: 'repeat', sendLimitMs: 30_000 }

/** A row that could not be sent for so long since its first try fails: it must not block its room for ever. */
export const GIVE_UP_MS = 3_600_000

/** The lease of a drain that is silent for so long is free for others. */
export const LEASE_MS = 5_000
