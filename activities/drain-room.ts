import { ConnectorError } from '../agent/errors.ts'
import type { Drain } from '../agent/outbox.ts'
import { LEASE_MS } from '../agent/outbox.ts'
import type { SendPorts } from './call-platform.ts'
import { sendRow } from './send-row.ts'

export type DrainPorts = SendPorts

/** Another drain holds the room: look again after this long, and twice as long each time. */
const BUSY_MS = 300
const LONGEST_BUSY_MS = 5_000

/** A platform may take longer to answer than the lease lasts. */
const RENEW_MS = LEASE_MS * 0.3

interface Run {
  readonly signal: AbortSignal
  /** From 1. */
  readonly attempt: number
}

/**
 * Sends a room's messages in their order, until none waits. One drain at a time, by a lease.
 * @returns how many rows have ended.
 * @throws {ConnectorError} to be retried when it says: another drain is at work, or the platform wants to wait.
 */
export async function drainRoom(ports: DrainPorts, drain: Drain, run: Run): Promise<number> {
  const { outbox } = ports
  const { roomId, token } = drain
  const lease = async () => {
    if (!(await outbox.lease(roomId, token))) throw busy(roomId, run.attempt)
  }
  await lease()
  const renewal = createRenewal(lease)
  run.signal.addEventListener('abort', () => void renewal.stop()) // also when `send` never returns
  try {
    let rows = 0
    do {
      await lease()
      renewal.start()
      rows += await sendAll(ports, drain, run.signal)
      await renewal.stop()
    } while (!(await outbox.release(roomId, token)))
    return rows
  } catch (error) {
    await renewal.stop()
    await outbox.leave(roomId, token).catch(() => undefined) // it ends by itself, later
    throw error
  }
}

/**
 * Keeps a lease while a platform takes its time. A renewal that fails shows at the next write; one that is
 * under way is waited for, or it would take the lease back that was just given up.
 */
function createRenewal(lease: () => Promise<void>) {
  let timer: NodeJS.Timeout | undefined
  let last: Promise<void> = Promise.resolve()
  const renew = () => {
    last = lease().catch(() => undefined)
  }
  return {
    start() {
      clearInterval(timer)
      timer = setInterval(renew, RENEW_MS)
    },
    stop(): Promise<void> {
      clearInterval(timer)
      return last
    },
  }
}

async function sendAll(ports: DrainPorts, drain: Drain, signal: AbortSignal): Promise<number> {
  for (let rows = 0; ; rows += 1) {
    const row = await ports.outbox.next(drain.roomId)
    if (!row) return rows
    signal.throwIfAborted()
    await sendRow(ports, row, { ...drain, signal })
  }
}

const busy = (roomId: string, attempt: number) =>
  new ConnectorError(`Another delivery drains the room '${roomId}'.`, {
    kind: 'retryable',
    retryAfterMs: Math.min(BUSY_MS * 2 ** (attempt - 1), LONGEST_BUSY_MS),
  })
