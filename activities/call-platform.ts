import { type Sender, SendFailed } from '../agent/connector.ts'
import { ConnectorError } from '../agent/errors.ts'
import {
  DEFAULT_SENDING,
  type Drain,
  LEASE_MS,
  type OutboxRow,
  type PartCall,
} from '../agent/outbox.ts'
import type { Ports } from '../agent/ports.ts'
import { reasonOf } from './send-reason.ts'

export type SendPorts = Pick<Ports, 'outbox' | 'connectors' | 'sending'>

/** A message on its way. */
export interface Sending extends Drain {
  readonly ports: SendPorts
  readonly row: OutboxRow
  readonly sender: Sender
  readonly maxLength: number
  readonly parts: number
  readonly signal: AbortSignal
}

/** One call, and what is known before it. */
export interface Ask<Answer> {
  readonly part: number
  readonly isFresh?: boolean
  readonly isRisky?: boolean
  /** No earlier call can have shown the part. */
  readonly isFirst: boolean
  call(signal: AbortSignal): Promise<Answer>
}

/** A drain that was paused for so long between asking and calling may have been replaced. */
const LATE_MS = LEASE_MS * 0.8

/**
 * One call to the platform, between a row that says that it is made and one that says how it went.
 * @returns undefined when the row has ended: retracted, refused for good or given up.
 * @throws {ConnectorError} to be retried later. An aborted call leaves its outcome unknown.
 */
export async function ask<Answer>(
  sending: Sending,
  { call, isFirst, ...asked }: Ask<Answer>,
): Promise<Answer | undefined> {
  const partCall = partCallOf(sending, asked)
  sending.signal.throwIfAborted()
  const startedAt = performance.now()
  const begun = await sending.ports.outbox.begin(partCall)
  if (begun.kind === 'gone') return undefined
  if (begun.kind === 'fenced') throw replaced(sending)
  if (begun.kind === 'paused') throw later(sending, begun.ms)
  try {
    // The process may have stood still since: the lease that `begin` extended must still be ours.
    const isLate = performance.now() - startedAt > LATE_MS
    if (isLate || sending.signal.aborted) throw new SendFailed({ kind: 'not-sent', code: 'late' })
    return await withinLimit(sending, call)
  } catch (error) {
    await settleFailure(sending, { partCall, isFirst, error })
    return undefined
  }
}

/** The part is there, or its placeholder is. */
export async function noteShown(
  sending: Sending,
  part: number,
  shown: { readonly id: string; readonly state: 'reserved' | 'sent' },
): Promise<true> {
  const isLast = shown.state === 'sent' && part === sending.parts - 1
  const { id: platformMessageId, state } = shown
  const partCall = partCallOf(sending, { part })
  const isWritten = await sending.ports.outbox.shown(partCall, { platformMessageId, state, isLast })
  if (!isWritten) throw replaced(sending)
  return true
}

/** Ends the row with a reason that everybody may read. */
export async function failRow(
  { ports, row, roomId, token }: Pick<Sending, 'ports' | 'row' | 'roomId' | 'token'>,
  reason: string,
): Promise<void> {
  if (!(await ports.outbox.fail({ roomId, token, rowId: row.id }, reason)))
    throw replaced({ roomId })
}

function partCallOf(
  { row, sender, maxLength, roomId, token }: Sending,
  { part, isFresh = false, isRisky = false }: Pick<Ask<never>, 'part' | 'isFresh' | 'isRisky'>,
): PartCall {
  const { id: rowId, source } = row
  const account = sender.account ?? ''
  return { roomId, token, rowId, part, source, account, maxLength, isFresh, isRisky }
}

/** Ends the call's wait after its limit, also when the connector does not listen to the signal. */
async function withinLimit<Answer>(
  { ports, signal }: Sending,
  call: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const { sendLimitMs } = ports.sending ?? DEFAULT_SENDING
  const limited = AbortSignal.any([signal, AbortSignal.timeout(sendLimitMs)])
  const cut = Promise.withResolvers<never>()
  const onAbort = () => cut.reject(limited.reason)
  limited.addEventListener('abort', onAbort, { once: true })
  try {
    limited.throwIfAborted()
    return await Promise.race([call(limited), cut.promise])
  } finally {
    limited.removeEventListener('abort', onAbort)
  }
}

interface Failure {
  readonly partCall: PartCall
  readonly isFirst: boolean
  readonly error: unknown
}

/** Returns when the row has ended. What no connector foresaw may have been shown. */
async function settleFailure(
  sending: Sending,
  { partCall, isFirst, error }: Failure,
): Promise<void> {
  const known = error instanceof SendFailed ? error.error : ({ kind: 'unknown' } as const)
  if (known.kind === 'permanent')
    return failRow(sending, reasonOf(known, sending.row.content.text ?? ''))
  const postponed = await sending.ports.outbox.postpone(partCall, {
    reason: known.kind === 'not-sent' ? reasonOf(known) : known.kind,
    isUnshown: isFirst && known.kind !== 'unknown',
    retryAfterMs: known.kind === 'rate-limited' ? known.retryAfterMs : undefined,
    scope: known.kind === 'rate-limited' ? known.scope : 'room',
  })
  if (postponed.kind === 'fenced') throw replaced(sending)
  if (postponed.kind === 'waiting') throw later(sending, postponed.ms)
}

const replaced = ({ roomId }: Pick<Drain, 'roomId'>) =>
  new ConnectorError(`Another delivery has taken over the room '${roomId}'.`, { kind: 'retryable' })

const later = ({ roomId, row }: Sending, retryAfterMs: number) =>
  new ConnectorError(
    `The platform '${row.source}' takes nothing for the room '${roomId}' for ${retryAfterMs} ms.`,
    { kind: 'retryable', retryAfterMs },
  )
