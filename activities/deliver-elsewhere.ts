import type { LoadedTurn, Ports, StepWrites } from '../agent/ports.ts'

/**
 * Starts the delivery of what a step has just put into the outbox of other rooms: their own turns do not
 * know of it. A lost start is the sweeper's, so a failure is no failure of the step.
 */
export async function deliverElsewhere(
  { startDelivery, log }: Pick<Ports, 'startDelivery' | 'log'>,
  { turnId, gen, agentId, room, forkOf }: LoadedTurn,
  { records = [] }: StepWrites,
): Promise<void> {
  if (forkOf !== undefined) return // nothing of it is written to other rooms
  const rooms = records.flatMap((write) =>
    write.kind === 'message.send' && write.outboxSource !== null ? [write.roomId] : [],
  )
  for (const roomId of new Set(rooms)) {
    try {
      await startDelivery?.({ roomId, agentId })
    } catch (error) {
      const turn = { turnId, gen, agentId, roomId: room.id }
      log.warn(
        turn,
        `The delivery to the room '${roomId}' starts later: the sweeper starts it.`,
        error,
      )
    }
  }
}
