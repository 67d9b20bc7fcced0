import type { Body, Caps, Outbound, Sent } from '../agent/connector.ts'
import { DEFAULT_SENDING, type Drain, type OutboxRow, type PartProgress } from '../agent/outbox.ts'
import { MAX_PARTS, sendKey } from '../agent/send-key.ts'
import { splitText } from '../agent/split-text.ts'
import { ask, failRow, noteShown, type Sending, type SendPorts } from './call-platform.ts'
import { findEarlier } from './find-earlier.ts'

/** Stands where the text will be: platforms refuse an empty one. */
const PLACEHOLDER: Body = { text: '…' }

/**
 * Sends one message, part after part; the next only when the one before is known. Returns when the row
 * has ended, well or not. @throws {ConnectorError} to be retried later.
 */
export async function sendRow(
  ports: SendPorts,
  row: OutboxRow,
  run: Drain & { readonly signal: AbortSignal },
): Promise<void> {
  const sender = ports.connectors.for(row.source, row.agentId)
  const end = (reason: string) => failRow({ ports, row, ...run }, reason)
  if (!sender) return end(`no_connector: No connector for '${row.source}' is configured.`)
  const maxLength = row.maxLength ?? sender.caps.maxLength
  const texts = splitText(row.content.text ?? '', maxLength)
  if (texts.length === 0) return end('empty: The message has no text to show.')
  if (texts.length > MAX_PARTS) return end(`too_long: More than ${MAX_PARTS} parts.`)
  const sending = { ports, row, sender, maxLength, parts: texts.length, ...run }
  for (const [part, text] of texts.entries()) {
    if (!(await sendPart(sending, part, { text }))) return
  }
}

const NEW: PartProgress = { state: 'open', platformMessageId: null, unknownForMs: null }

/** False when the row has ended. */
async function sendPart(sending: Sending, part: number, body: Body): Promise<boolean> {
  const known = sending.row.parts[part] ?? NEW
  if (known.state === 'sent')
    return noteShown(sending, part, { id: known.platformMessageId ?? '', state: 'sent' })
  const { caps } = sending.sender
  const isReserving = known.state === 'reserved' || caps.dedup === 'reserve'
  const sent = isReserving
    ? await reserveAndEdit(sending, known, { part, body })
    : await create(sending, known, { part, body })
  return sent !== undefined && noteShown(sending, part, { id: sent.id, state: 'sent' })
}

interface Part {
  readonly part: number
  readonly body: Body
}

async function create(
  sending: Sending,
  { unknownForMs }: PartProgress,
  { part, body }: Part,
): Promise<Sent | undefined> {
  const op = outbound(sending, part, { op: 'create', body })
  const call = (signal: AbortSignal) => sending.sender.send(op, signal)
  if (unknownForMs === null) return ask(sending, { part, isFirst: true, call })
  if (isRemembered(sending.sender.caps, unknownForMs))
    return ask(sending, { part, isFirst: false, call })
  const earlier = await findEarlier(sending, op)
  if (earlier === undefined || typeof earlier === 'object') return earlier
  const isRisky = earlier === 'cannot-tell'
  if (isRisky && (sending.ports.sending ?? DEFAULT_SENDING).unknownSends === 'drop') {
    await failRow(sending, 'unknown_outcome: It may have been shown, and is not sent again.')
    return undefined
  }
  return ask(sending, { part, isFresh: true, isFirst: !isRisky, isRisky, call })
}

/** The last tenth of the window belongs to the call itself. */
const isRemembered = ({ dedup, dedupWindowMs = 0 }: Caps, unknownForMs: number) =>
  dedup === 'nonce' && unknownForMs < dedupWindowMs * 0.9

/**
 * The id of the placeholder is stored before the text is there, and the text is edited in as often as
 * need be. Only the placeholder itself may stand there twice.
 */
async function reserveAndEdit(
  sending: Sending,
  known: PartProgress,
  { part, body }: Part,
): Promise<Sent | undefined> {
  const send = (operation: Operation) => (signal: AbortSignal) =>
    sending.sender.send(outbound(sending, part, operation), signal)
  const isFirst = known.state === 'open' && known.unknownForMs === null
  let target = known.platformMessageId
  if (target === null) {
    const call = send({ op: 'reserve', body: PLACEHOLDER })
    const placed = await ask(sending, { part, isFirst, call })
    if (placed === undefined) return undefined
    await noteShown(sending, part, { id: placed.id, state: 'reserved' })
    target = placed.id
  }
  return ask(sending, { part, isFirst: false, call: send({ op: 'edit', target, body }) })
}

type Operation =
  | { readonly op: 'create' | 'reserve'; readonly body: Body }
  | { readonly op: 'edit'; readonly target: string; readonly body: Body }

function outbound({ row, parts }: Sending, part: number, operation: Operation): Outbound {
  const { room, replyTo } = row
  return { room, key: sendKey(row.id, part), part, parts, replyTo, ...operation }
}
