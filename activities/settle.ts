import type { Agent } from '../agent/agent.ts'
import type { Content } from '../agent/memory.ts'
import type { LoadedTurn, Ports, Settled } from '../agent/ports.ts'
import type { JsonObject } from '../schema/json.ts'
import {
  type Ending,
  type HeadTurn,
  isTerminal,
  type Settlement,
  type TurnInput,
  type TurnState,
} from '../schema/turn.ts'
import { currentAttempt } from './attempt.ts'
import { outcomeOf } from './outcome.ts'
import { type EndingTurn, openEnding } from './turn-context.ts'

export type SettlePorts = Pick<
  Ports,
  'turns' | 'agents' | 'journal' | 'connectors' | 'stream' | 'turnEvents' | 'startHead' | 'log'
>

/**
 * Commits how the turn ended, with what the person hears, and starts the room's next turn. Run again,
 * it finds the ended row, and starts the next turn all the same.
 */
export const createSettle = (ports: SettlePorts) =>
  async function settle(input: TurnInput, ending: Ending): Promise<Settlement> {
    const opened = await openEnding(ports, input, 'settle')
    const by = { ...currentAttempt(input), deadlineAt: input.deadlineAt }
    const settled = await settleTurn(ports, opened, ending, by)
    if (!settled) return { state: 'cancelled', hasOutbox: false, evaluators: [] }
    const { state, hasOutbox } = settled
    // It goes on, as another generation.
    if (!isTerminal(state)) return { state, hasOutbox, evaluators: [] }
    return { state, hasOutbox, evaluators: dueEvaluators(opened.agent, settled) }
  }

/** Who settles: the step's attempt, or the sweeper with a reason of its own. */
export interface SettledBy {
  readonly attempt: number
  readonly token: string
  /** In words; by default what the failing step noted. */
  readonly error?: string | null
  /** The deadline it worked by, in milliseconds since the epoch. */
  readonly deadlineAt: number
}

/** The same for the step and for the sweeper. Undefined when the turn was deleted. */
export async function settleTurn(
  ports: SettlePorts,
  opened: EndingTurn,
  ending: Ending,
  { attempt, token, error = null, deadlineAt }: SettledBy,
): Promise<Settled | undefined> {
  const { turnId, gen, room } = opened.turn
  const { spoken, ...outcome } = await outcomeOf(ports, opened, ending)
  const row = { turnId, gen, roomId: room.id, attempt, token, error, deadlineAt, ...outcome }
  const settled = await ports.turns.settle(row)
  if (!settled) return undefined
  // A worker of an older generation may find the turn under way again: that is no ending.
  if (isTerminal(settled.state)) {
    ports.stream.publish(turnId, { kind: 'settled', ...spoken, gen, state: settled.state })
  }
  if (settled.isFirst) {
    const reason = error ?? outcome.code
    tellEnd(ports, opened.turn, { state: settled.state, said: outcome.reply?.content, reason })
  }
  if (settled.head) await startNext(ports, settled.head)
  return settled
}

interface TurnEnd {
  readonly state: TurnState
  readonly said: Content | undefined
  /** In words, or its code. */
  readonly reason: string | null
}

function tellEnd(
  { turnEvents }: SettlePorts,
  turn: LoadedTurn,
  { state, said, reason }: TurnEnd,
): void {
  if (said) turnEvents?.emit(turn, 'MESSAGE_SENT', { content: said as JsonObject })
  const error = reason === null ? {} : { error: reason }
  if (state === 'timed_out') turnEvents?.emit(turn, 'RUN_TIMEOUT', { status: 'timeout', ...error })
  else if (state === 'failed') turnEvents?.emit(turn, 'RUN_ENDED', { status: 'error', ...error })
  else turnEvents?.emit(turn, 'RUN_ENDED', { status: 'completed' })
}

/** A lost start is found by the sweeper; failing here would undo nothing and delay the outcome. */
export async function startNext(
  ports: Pick<Ports, 'startHead' | 'log'>,
  head: HeadTurn,
): Promise<void> {
  try {
    await ports.startHead(head)
  } catch (error) {
    ports.log.warn(head, "The room's next turn could not be started; the sweeper will.", error)
  }
}

/** The same when the step is run again: its first answer may be lost, and a step runs once per name. */
function dueEvaluators(agent: Agent | undefined, { state, seq, evaluatorRuns }: Settled): string[] {
  return (agent?.evaluators ?? [])
    .filter((evaluator) => evaluator.alwaysRun || state === 'replied')
    .filter(({ name, intervalTurns: given = 1 }) => {
      const interval = typeof given === 'number' ? given : given(agent?.settings ?? {})
      return seq - (evaluatorRuns[name] ?? 0) >= interval
    })
    .map((evaluator) => evaluator.name)
}
