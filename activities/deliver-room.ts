import type { DeliveryInput } from '../schema/turn.ts'
import { currentRun, withHeartbeats } from './attempt.ts'
import { type DrainPorts, drainRoom } from './drain-room.ts'

/** Sends what waits in a room's outbox and nobody sends: as `deliver` does, but for no turn. */
export const createDeliverRoom = (ports: DrainPorts) =>
  async function deliverRoom({ roomId }: DeliveryInput): Promise<void> {
    const { token, attempt } = currentRun()
    await withHeartbeats(async (signal) => {
      await drainRoom(ports, { roomId, token }, { signal, attempt })
    })
  }
