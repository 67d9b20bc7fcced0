import { replyIdOf } from '../../schema/ids.ts'
import { checkOrder } from '../crash/check-order.ts'
import { checkInvariants } from '../crash/invariants.ts'
import { type Violation, violation } from '../crash/violation.ts'
import type { RoomEvidence, TurnFacts } from './gather.ts'
import { tagsIn } from './vendor-script.ts'

/** The promises in one room, and those that only a run with policies and people can break. */
export function checkRoom(room: RoomEvidence, cancelled: ReadonlySet<string>): Violation[] {
  const facts = new Map(room.facts.map((turn) => [turn.id, turn]))
  return [
    ...checkInvariants(withLastResults(room))
      .filter(({ invariant }) => invariant !== 'I3')
      .filter((found) => !isExcused(found, room)),
    ...checkOrder(inOrder(room)),
    ...room.facts.flatMap((turn) => endsAsWanted(turn, facts, cancelled)),
    ...answersItsMessage(room),
  ]
}

/** An approval's answer copies the results of a generation to the next: each counts once. */
function withLastResults({ evidence, facts }: RoomEvidence): RoomEvidence['evidence'] {
  const gens = new Map(facts.map(({ id, gen }) => [id, gen]))
  const steps = evidence.rows.steps.map((step) =>
    step.gen === gens.get(step.turnId) ? step : { ...step, success: null },
  )
  return { ...evidence, rows: { ...evidence.rows, steps } }
}

const OF_ONE_DECISION = [
  /was settled with \d+ replies/,
  /its reply is not remembered/,
  /without a reply, and one is remembered/,
  /has \d+ effects, not one/,
]

/** The matrix knows one decision and one reply per turn: these have more of them. */
function isExcused({ what }: Violation, { facts }: RoomEvidence): boolean {
  if (!OF_ONE_DECISION.some((pattern) => pattern.test(what))) return false
  return facts.some((turn) => (turn.leftQueue || turn.decidedAgain) && what.includes(turn.id))
}

/**
 * A turn that left the queue said something at its old place: of those only the last reply is in the
 * order, that of the place where it came back.
 */
function inOrder({ evidence, facts }: RoomEvidence): RoomEvidence['evidence'] {
  const left = new Map(facts.filter((turn) => turn.leftQueue).map((turn) => [turn.id, turn]))
  const turnOf = new Map(evidence.rows.outbox.map(({ id, turnId }) => [id, turnId]))
  const visible = evidence.visible.filter(({ rowId }) => {
    const turn = left.get(turnOf.get(rowId) ?? '')
    return !turn || rowId === replyIdOf({ turnId: turn.id, gen: turn.gen })
  })
  const turns = evidence.rows.turns.map((turn) =>
    left.has(turn.id) ? { ...turn, startedAt: null } : turn,
  )
  return { ...evidence, visible, rows: { ...evidence.rows, turns } }
}

const STOPPING = ['interrupt', 'rollback', 'latest']

/** Nobody ends a turn but its own policy, a later message's, or somebody who was asked to. */
function endsAsWanted(
  { id, state, policy, answeredBy, acceptedAt }: TurnFacts,
  facts: ReadonlyMap<string, TurnFacts>,
  cancelled: ReadonlySet<string>,
): Violation[] {
  const by = facts.get(answeredBy ?? '')
  switch (state) {
    case 'merged':
      if (by && by.id !== id) return []
      return [violation('I1', `the turn ${id} is merged into ${answeredBy}, which is not there`)]
    case 'superseded':
      if (by && STOPPING.includes(by.policy) && by.acceptedAt >= acceptedAt) return []
      return [violation('I1', `the turn ${id} is superseded by ${answeredBy} (${by?.policy})`)]
    case 'rejected':
      return policy === 'reject' ? [] : [violation('I1', `${id} is rejected by policy ${policy}`)]
    case 'cancelled':
      return cancelled.has(id) ? [] : [violation('I1', `nobody cancelled the turn ${id}`)]
    default:
      return []
  }
}

/** The vendor repeats what it was asked: a reply speaks of the messages that its turn answers, and no others. */
function answersItsMessage({ evidence, facts }: RoomEvidence): Violation[] {
  return facts.flatMap(({ id }) => {
    const mine = facts.filter((turn) => turn.id === id || turn.answeredBy === id)
    const tags = new Set(mine.flatMap(({ text }) => tagsIn(text)))
    return evidence.rows.messages
      .filter((message) => message.turnId === id && message.text.startsWith('You said'))
      .flatMap((message) => tagsIn(message.text).filter((tag) => !tags.has(tag)))
      .map((tag) => violation('I4', `the turn ${id} answers ${tag}, which is not its message`))
  })
}
