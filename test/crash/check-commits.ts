import type { Evidence, MemoryEvidence, Rows, TurnEvidence } from './evidence.ts'
import { type Violation, violation } from './violation.ts'

/** I4: what a step remembers, says and costs commits with it, and the reply with the outcome. */
export const checkCommits = ({ rows }: Evidence): Violation[] => [
  ...rows.memories.flatMap((memory) => ofItsStep(rows, memory)),
  ...rows.turns.flatMap((turn) => replyWithOutcome(rows, turn)),
  ...rows.outbox.flatMap(({ id, turnId }) =>
    rows.messages.some((message) => message.id === id && message.turnId === turnId)
      ? []
      : [violation('I4', `the outbox row ${id} has no message of the turn ${turnId}`)],
  ),
  ...spoken(rows),
  ...rows.modelCalls.flatMap(({ turnId, gen, step }) =>
    hasStep(rows, { turnId, gen, step })
      ? []
      : [violation('I4', `a model call names ${step} of the turn ${turnId}, which was not run`)],
  ),
]

const hasStep = ({ steps }: Rows, of: { turnId: string; gen: number; step: string }) =>
  steps.some((s) => s.turnId === of.turnId && s.gen === of.gen && s.step === of.step)

function ofItsStep({ steps, turns }: Rows, { id, turnId, step }: MemoryEvidence): Violation[] {
  if (turnId === null || step === null) {
    return [violation('I4', `the memory ${id} names no turn and step`)]
  }
  if (!turns.some((turn) => turn.id === turnId)) {
    return [violation('I4', `the memory ${id} names the turn ${turnId}, which does not exist`)]
  }
  const isDone = steps.some((s) => s.turnId === turnId && s.step === step && s.state === 'done')
  if (step === 'accept' || isDone) return []
  return [violation('I4', `the memory ${id} is there, and its step ${step} is not done`)]
}

function replyWithOutcome(rows: Rows, { id, state, replyMemoryId }: TurnEvidence): Violation[] {
  const replies = rows.memories.filter((m) => m.turnId === id && m.step === 'settle')
  if (replyMemoryId !== null && !replies.some((memory) => memory.id === replyMemoryId)) {
    return [violation('I4', `the turn ${id} is ${state}, and its reply is not remembered`)]
  }
  if (replyMemoryId === null && replies.length > 0) {
    return [violation('I4', `the turn ${id} is ${state} without a reply, and one is remembered`)]
  }
  return []
}

/** Each message of an agent is remembered by the same commit, so there are as many of both. */
function spoken({ turns, memories, messages }: Rows): Violation[] {
  return turns.flatMap(({ id }) => {
    const said = messages.filter(({ turnId }) => turnId === id).length
    const remembered = memories.filter(
      ({ turnId, type, step }) => turnId === id && type === 'messages' && step !== 'accept',
    ).length
    if (said === remembered) return []
    return [violation('I4', `the turn ${id} said ${said} messages and remembers ${remembered}`)]
  })
}
