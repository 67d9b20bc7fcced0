import { ConnectorError } from '../agent/errors.ts'
import type { OutboxRow, Ports } from '../agent/ports.ts'
import type { TurnInput } from '../schema/turn.ts'
import { currentAttempt, withHeartbeats } from './attempt.ts'

type DeliverPorts = Pick<Ports, 'outbox' | 'connectors' | 'journal'>

/** Another drain holds the room: look again after this long. */
const BUSY_MS = 300

/** The lease lasts 5 s. */
const RENEW_MS = 1_500

/**
 * Sends what waits in the *room's* outbox, oldest first: messages of earlier turns go before ours.
 * Run again, it goes on with what is not marked as sent. A death between `send` and `markSent` sends
 * the row again under the same key; a platform that knows the key shows it once.
 */
export const createDeliver = (ports: DeliverPorts) =>
  async function deliver(turn: TurnInput): Promise<void> {
    const attempt = currentAttempt(turn)
    const claim = await ports.journal.claim(attempt, { step: 'deliver', beforeSettle: false })
    if (claim.kind === 'done') return
    await withHeartbeats(async (signal) => {
      const room = { roomId: turn.roomId, token: attempt.token }
      await lease(ports, room)
      // A platform may take longer to answer than the lease lasts; a failed renewal shows at the next row.
      const renewal = setInterval(() => void lease(ports, room).catch(() => undefined), RENEW_MS)
      signal.addEventListener('abort', () => clearInterval(renewal)) // also when `send` never returns
      try {
        let sent = 0
        do {
          sent += await drain(ports, room, signal)
        } while (!(await ports.outbox.release(room.roomId, room.token)))
        await ports.journal.finish(attempt, 'deliver', { sent })
      } finally {
        clearInterval(renewal)
      }
    })
  }

interface Drain {
  readonly roomId: string
  readonly token: string
}

async function lease({ outbox }: DeliverPorts, { roomId, token }: Drain): Promise<void> {
  if (await outbox.lease(roomId, token)) return
  throw new ConnectorError(`Another delivery drains the room '${roomId}'.`, {
    kind: 'retryable',
    retryAfterMs: BUSY_MS,
  })
}

async function drain(ports: DeliverPorts, room: Drain, signal: AbortSignal): Promise<number> {
  for (let sent = 0; ; sent += 1) {
    await lease(ports, room)
    const row = await ports.outbox.next(room.roomId)
    if (!row) return sent
    signal.throwIfAborted()
    await send(ports, row, room.token, signal)
  }
}

async function send(
  { connectors, outbox }: DeliverPorts,
  row: OutboxRow,
  token: string,
  signal: AbortSignal,
): Promise<void> {
  const connector = connectors.for(row.source)
  if (!connector)
    return outbox.markFailed(row.id, `No connector for '${row.source}' is configured.`)
  try {
    const { id: key, channelId, content } = row
    const { platformMessageId } = await connector.send({ key, channelId, content }, signal)
    await outbox.markSent({ id: row.id, token, platformMessageId })
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.kind !== 'permanent') throw error
    await outbox.markFailed(row.id, error.message)
  }
}
