import { type SettlePorts, settleTurn } from '../activities/settle.ts'
import { openEnding } from '../activities/turn-context.ts'
import { withRetry } from '../database/failures.ts'
import type { OpenDatabase } from '../database/open.ts'
import { findLateTurns, takeOver } from '../turns/sweep.ts'
import type { SweeperPorts } from '../workers/sweeper.ts'
import type { TemporalLink } from './temporal-link.ts'

export interface SweeperParts {
  readonly database: Pick<OpenDatabase, 'db'>
  readonly temporal: TemporalLink
  readonly ports: SettlePorts
}

/** What the sweeper does, with the real database and Temporal. */
export function createSweeperPorts({ database, temporal, ports }: SweeperParts): SweeperPorts {
  const { db } = database
  return {
    find: (limits) => findLateTurns(db, limits),
    takeOver: (turn) => withRetry(() => takeOver(db, turn)),
    start: (turn) => temporal.startTurn(turn),
    standing: async (turn) => (await temporal.workflows()).standing(turn),
    cancel: async (turn) => (await temporal.workflows()).cancel(turn),
    terminate: async (turn) => (await temporal.workflows()).terminate(turn),
    async end(turn, ending, error) {
      const opened = await openEnding(ports, turn, 'sweep')
      return settleTurn(ports, opened, ending, { attempt: 0, token: 'sweeper', error })
    },
    log: (message, turn, error) => ports.log.warn(turn, message, error),
  }
}
