import type { ApprovalRequest } from '../agent/approvals.ts'
import { FencedError } from '../agent/errors.ts'
import type { Content } from '../agent/memory.ts'
import type { Ports } from '../agent/ports.ts'
import { approvalIdOf } from '../schema/ids.ts'
import type { JsonObject } from '../schema/json.ts'
import type { Parking, TurnInput } from '../schema/turn.ts'
import { approvalStep, runStep } from './action-task.ts'
import { currentAttempt } from './attempt.ts'
import { outcomeOf } from './outcome.ts'
import { decisionBehind } from './rounds.ts'
import { startNext } from './settle.ts'
import { openEnding } from './turn-context.ts'

type ParkPorts = Pick<
  Ports,
  'turns' | 'agents' | 'journal' | 'approvals' | 'connectors' | 'stream' | 'startHead' | 'log'
>

/**
 * Puts the question into the room, with what the turn has said before it, and lets the room go on: the
 * turn waits in Postgres, and this run of the Workflow ends. Run again, it finds the parked turn, and
 * starts the room's next turn all the same.
 */
export const createPark = (ports: ParkPorts) =>
  async function park(input: TurnInput, ordinal: number): Promise<Parking> {
    const { decision, round } = await decisionBehind(ports.journal, input, ordinal)
    const gen = typeof decision.gen === 'number' ? decision.gen : input.gen
    const step = runStep(ordinal)
    const approvalId = approvalIdOf({ turnId: input.turnId, gen, step })
    if (await wasAnswered(ports, input, approvalId)) return { kind: 'parked', hasOutbox: false }
    const opened = await openEnding(ports, input, 'park')
    const { turn } = opened
    const request = await requestOf(ports, input, ordinal)
    const { reply, spoken } = await outcomeOf(ports, opened, { kind: 'decided', round })
    const parked = await ports.approvals.park({
      ...{ attempt: currentAttempt(input), turn, approvalId, step, request, reply },
      question: {
        ...{ text: request.question, source: turn.room.source, inReplyTo: turn.message.id },
        approval: choiceOf(approvalId, request),
      },
      outboxSource: ports.connectors.for(turn.room.source) ? turn.room.source : null,
    })
    if (parked.kind === 'refused') return parked
    const state = 'waiting_approval' as const
    ports.stream.publish(input.turnId, { kind: 'settled', ...spoken, gen: input.gen, state })
    if (parked.head) await startNext(ports, parked.head)
    return { kind: 'parked', hasOutbox: parked.hasOutbox }
  }

/** A late attempt, and another worker has parked the turn: it has gone on since. */
const wasAnswered = async ({ turns, approvals }: ParkPorts, input: TurnInput, approvalId: string) =>
  !(await turns.load(input)) && (await approvals.find(approvalId)) !== undefined

async function requestOf(
  { journal }: ParkPorts,
  input: TurnInput,
  ordinal: number,
): Promise<ApprovalRequest> {
  const request = await journal.read(input, approvalStep(ordinal))
  if (!request) throw new FencedError('park')
  return request as unknown as ApprovalRequest // journaled by `runAction`
}

/** What clients show as buttons. */
const choiceOf = (
  id: string,
  { action, parameters }: ApprovalRequest,
): NonNullable<Content['approval']> =>
  ({ id, action, parameters, options: ['approve', 'deny'] }) satisfies JsonObject
