import { isTerminal, type TurnState } from '../../schema/turn.ts'
import type { Evidence, Rows, TurnEvidence } from './evidence.ts'
import { grouped, type Violation, violation } from './violation.ts'

/** What a turn may take beyond its deadline. */
const LATE_MS = 10_000

/** I1: every accepted message has one turn per agent, with one outcome. I6: in time, and told. */
export const checkOutcomes = (evidence: Evidence): Violation[] => [
  ...lostMessages(evidence),
  ...secondTurns(evidence.rows),
  ...evidence.rows.turns.flatMap((turn) => endedOnce(evidence.rows, turn)),
  ...evidence.rows.turns.flatMap(inTime),
  ...evidence.rows.turns.flatMap(told),
]

function lostMessages({ inbound, rows }: Evidence): Violation[] {
  return inbound.flatMap(({ externalId, turnIds }) => {
    const stored = rows.messages.filter((message) => message.externalId === externalId)
    const turns = rows.turns.filter((turn) => stored.some(({ id }) => id === turn.messageId))
    return [
      ...(turnIds.length > 0 && stored.length === 0
        ? [violation('I1', `the message '${externalId}' was accepted and is not stored`)]
        : []),
      ...(stored.length > 1
        ? [violation('I1', `the message '${externalId}' is stored ${stored.length} times`)]
        : []),
      ...turnIds
        .filter((id) => !turns.some((turn) => turn.id === id))
        .map((id) => violation('I1', `'${externalId}' was promised the turn ${id}: not there`)),
    ]
  })
}

const secondTurns = ({ turns }: Rows): Violation[] =>
  [...grouped(turns, ({ messageId, agentId }) => `${messageId} for the agent ${agentId}`)]
    .filter(([, group]) => group.length > 1)
    .map(([key, group]) => violation('I1', `the message ${key} has ${group.length} turns`))

function endedOnce({ steps, memories }: Rows, { id, gen, state, settledAt }: TurnEvidence) {
  const found: Violation[] = []
  if (!isTerminal(state as TurnState)) found.push(violation('I1', `the turn ${id} is ${state}`))
  else if (settledAt === null) found.push(violation('I1', `the turn ${id} is ${state} since never`))
  const pending = steps.filter(
    (step) => step.turnId === id && step.gen === gen && step.state === 'pending' && !step.isVoid,
  )
  found.push(...pending.map(({ step }) => violation('I1', `${step} of the turn ${id} is not done`)))
  const replies = memories.filter(({ turnId, step }) => turnId === id && step === 'settle')
  if (replies.length > 1) {
    found.push(violation('I1', `the turn ${id} was settled with ${replies.length} replies`))
  }
  return found
}

function inTime({ id, settledAt, deadlineAt }: TurnEvidence): Violation[] {
  if (settledAt === null || settledAt <= deadlineAt + LATE_MS) return []
  return [violation('I6', `the turn ${id} ended ${settledAt - deadlineAt} ms past its deadline`)]
}

/** The apology is a reply like any other: whether it is shown is the business of I2. */
function told({ id, state, replyMemoryId }: TurnEvidence): Violation[] {
  const isBad = state === 'failed' || state === 'timed_out'
  if (!isBad || replyMemoryId !== null) return []
  return [violation('I6', `the turn ${id} ended as ${state} and nobody was told`)]
}
