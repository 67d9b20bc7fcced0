import type { Ports } from '../agent/ports.ts'
import type { TurnInput } from '../schema/turn.ts'
import { currentAttempt, withHeartbeats } from './attempt.ts'
import { type DrainPorts, drainRoom } from './drain-room.ts'

/**
 * Sends what waits in the *room's* outbox, oldest first: messages of earlier turns go before ours.
 * Run again, it goes on where the rows say; of a call that was cut off nobody knows the outcome, and
 * the platform's kind decides (docs/connectors.md). What it leaves behind is `deliverRoom`'s.
 */
export const createDeliver = (ports: DrainPorts & Pick<Ports, 'journal'>) =>
  async function deliver(turn: TurnInput): Promise<void> {
    const attempt = currentAttempt(turn)
    const claim = await ports.journal.claim(attempt, { step: 'deliver', beforeSettle: false })
    if (claim.kind === 'done') return
    await withHeartbeats(async (signal) => {
      const drain = { roomId: turn.roomId, token: attempt.token }
      const rows = await drainRoom(ports, drain, { signal, attempt: attempt.attempt })
      await ports.journal.finish(attempt, 'deliver', { rows })
    })
  }
