import { type SettlePorts, settleTurn } from '../activities/settle.ts'
import { openEnding } from '../activities/turn-context.ts'
import { withRetry } from '../database/failures.ts'
import type { OpenDatabase } from '../database/open.ts'
import { answerApproval } from '../turns/answer-approval.ts'
import { findLateTurns, takeOver } from '../turns/sweep.ts'
import type { SweeperPorts } from '../workers/sweeper.ts'
import { createOldRowsCleaner } from './old-rows-cleaner.ts'
import type { TemporalLink } from './temporal-link.ts'
import { createProbe } from './temporal-probe.ts'

export interface SweeperParts {
  readonly database: Pick<OpenDatabase, 'db'>
  readonly temporal: TemporalLink
  readonly ports: SettlePorts
  /** What a turn gets whose question nobody answered. @default 300,000 */
  readonly turnDeadlineMs?: number
}

/** What the sweeper does, with the real database and Temporal. */
export function createSweeperPorts({
  database,
  temporal,
  ports,
  turnDeadlineMs = 300_000,
}: SweeperParts): SweeperPorts {
  const { db } = database
  return {
    reached: createProbe(db, temporal, ports.log),
    find: (limits) => findLateTurns(db, limits),
    takeOver: (turn) => withRetry(() => takeOver(db, turn)),
    start: (turn) => temporal.startTurn(turn),
    standing: async (turn) => (await temporal.workflows()).standing(turn),
    cancel: async (turn) => (await temporal.workflows()).cancel(turn),
    terminate: async (turn, reason) => (await temporal.workflows()).terminate(turn, reason),
    async end(turn, ending, error) {
      const opened = await openEnding(ports, turn, 'sweep')
      const settled = await settleTurn(ports, opened, ending, {
        ...{ attempt: 0, token: 'sweeper', error, deadlineAt: turn.deadlineAt },
      })
      // There is no Workflow that would send the apology; a lost start is the next sweep's.
      if (settled?.isFirst && settled.hasOutbox) await temporal.startDelivery(turn).catch(() => {})
      return settled
    },
    deliver: (room) => temporal.startDelivery(room),
    async expire(id) {
      const answer = { id, decision: 'expire', by: 'deadline', via: 'sweeper' } as const
      const answered = await withRetry(() => answerApproval(db, { ...answer, turnDeadlineMs }))
      if (answered?.head) await ports.startHead(answered.head)
    },
    cleanOldRows: createOldRowsCleaner(db),
    log: (message, turn, error) => ports.log.warn(turn, message, error),
  }
}
