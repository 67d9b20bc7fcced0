import type { LoggedTurn, StepLog } from '../agent/ports.ts'
import { withRetry } from '../database/failures.ts'
import type { OpenDatabase } from '../database/open.ts'
import type { HeadTurn, TerminalState, TurnRef } from '../schema/turn.ts'
import type { TurnStream } from '../streams/turn-stream.ts'
import type { TurnWorkflows } from '../temporal/turn-workflows.ts'
import { requestCancel } from '../turns/cancel.ts'
import { startableHead } from '../turns/head.ts'
import type { ApiParts } from './api/parts.ts'
import type { Background } from './background.ts'
import { reachable } from './ports.ts'
import type { TemporalLink } from './temporal-link.ts'

export interface TurnControlParts {
  readonly db: OpenDatabase['db']
  readonly stream: Pick<TurnStream, 'publish'>
  readonly temporal: Pick<TemporalLink, 'workflows'>
  readonly background: Background
  readonly log: StepLog
  startHead(head: HeadTurn): Promise<void>
}

type TurnControl = Pick<ApiParts, 'kick' | 'kickLater' | 'announce' | 'cancelTurn'>

/** A clock of ours may be a little ahead of the database's. */
const LATER_SLACK_MS = 5

/** Starts, steers and stops turns from whichever process; what gets lost here is the sweeper's. */
export function createTurnControl(parts: TurnControlParts): TurnControl {
  const { db, stream, background, log } = parts
  const cancels = reachable({ request: requestCancel })
  const kick = (head: HeadTurn) =>
    background.add(parts.startHead(head), (error) => log.warn(head, NOT_STARTED, error))
  const endedNow = (turn: TurnRef, state: TerminalState) =>
    stream.publish(turn.turnId, { kind: 'settled', gen: turn.gen, attempt: 0, seq: 0, state })
  const tell = (turn: TurnRef, word: 'cancel' | 'steer') =>
    told(parts, turn, word).catch((error: unknown) => log.warn(idsOf(turn), NOT_TOLD[word], error))
  return {
    kick,
    kickLater: ({ roomId, delayMs }) =>
      background.after(delayMs + LATER_SLACK_MS, async () => {
        const head = await startableHead(db, roomId)
        if (head) kick(head)
      }),
    announce: ({ stopped, superseded, steered }) => {
      for (const turn of superseded) endedNow(turn, 'superseded')
      for (const turn of stopped) background.add(tell(turn, 'cancel'), ignored)
      for (const turn of steered) background.add(tell(turn, 'steer'), ignored)
    },
    async cancelTurn(request) {
      const outcome = await withRetry(() => cancels.request(db, request))
      const { running, cancelled, head, delivery } = outcome
      if (cancelled) endedNow({ turnId: request.turnId, ...cancelled }, 'cancelled')
      if (head) kick(head)
      if (running) await tell(running, 'cancel')
      return delivery
    },
  }
}

async function told(
  { temporal }: TurnControlParts,
  turn: TurnRef,
  word: keyof Pick<TurnWorkflows, 'cancel' | 'steer'>,
): Promise<void> {
  await (await temporal.workflows())[word](turn)
}

const ignored = () => undefined
/** Room and agent are not known here. */
const idsOf = (turn: TurnRef): LoggedTurn => ({ ...turn, roomId: '', agentId: '' })

const NOT_STARTED = 'The turn could not be started now; the sweeper will start it.'
const NOT_TOLD = {
  cancel: 'Temporal could not be told of the cancellation; the sweeper repeats it.',
  steer: 'Temporal could not be told that a message waits for the turn; it gets a turn of its own.',
}
