import { type Outbound, SendFailed, type Sent } from '../agent/connector.ts'
import { ask, type Sending } from './call-platform.ts'

/**
 * Whether an earlier call of unknown outcome was shown after all. It counts as a call: the platform
 * may have asked for silence. @returns undefined when the row has ended.
 */
export async function findEarlier(
  sending: Sending,
  op: Outbound,
): Promise<Sent | 'absent' | 'cannot-tell' | undefined> {
  const { sender } = sending
  if (!sender.findOwn) return 'cannot-tell'
  return ask(sending, {
    part: op.part,
    isFirst: false,
    call: async (signal) => {
      try {
        return (await sender.findOwn?.(op, signal)) ?? 'cannot-tell'
      } catch (error) {
        // It may not look; that says nothing about sending.
        if (error instanceof SendFailed && error.error.kind === 'permanent') return 'cannot-tell'
        throw error
      }
    },
  })
}
