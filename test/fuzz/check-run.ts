import { isTerminal, type TurnState } from '../../schema/turn.ts'
import { type Violation, violation } from '../crash/violation.ts'
import { checkRoom } from './check-room.ts'
import type { RunEvidence } from './gather.ts'
import type { Stage } from './stage.ts'

/** Everything that must hold when a run is over, in sentences. */
export function checkRun(stage: Stage, run: RunEvidence): string[] {
  const promises = run.rooms.flatMap((room) =>
    checkRoom(room, stage.cancelled).map((found) => `${inWords(found)} (${room.name})`),
  )
  return [
    ...promises,
    ...[...bill(run), ...approvals(stage, run), ...streams(stage, run)].map(inWords),
    ...clients(stage),
    ...processes(stage),
  ]
}

const inWords = ({ invariant, what }: Violation) => `${invariant}: ${what}`

function bill({ claims }: RunEvidence): Violation[] {
  const { reflections, reflectionCalls, strange } = claims
  const answered = reflections.filter((state) => state === 'answered').length
  const complete = reflectionCalls.filter((state) => state === 'complete').length
  return [
    ...strange.map((text) => violation('I5', `nobody has stored the prompt '…${text}'`)),
    ...(reflections.length > reflectionCalls.length
      ? [
          violation(
            'I5',
            `${reflections.length} reflections, ${reflectionCalls.length} in the ledger`,
          ),
        ]
      : []),
    ...(complete > answered
      ? [violation('I5', `${complete} reflections complete, ${answered} answered`)]
      : []),
  ]
}

const STATES: Readonly<Record<string, string>> = { approve: 'approved', deny: 'denied' }

/** Of two answers to one question, the one that was taken stands; never both. */
const approvals = ({ answers }: Stage, run: RunEvidence): Violation[] =>
  [...answers].flatMap(([id, taken]) => {
    const state = run.approvals.get(id)
    const others = taken.filter((decision) => STATES[decision] !== state)
    return others.map((decision) =>
      violation('I1', `'${decision}' was taken for the approval ${id}, which is ${state}`),
    )
  })

/** What a stream ended with is what became of the turn, until an operator opened it anew. */
function streams({ followed }: Stage, { rooms }: RunEvidence): Violation[] {
  const turns = new Map(rooms.flatMap(({ facts }) => facts.map((turn) => [turn.id, turn])))
  const replies = new Map(
    rooms.flatMap(({ evidence }) =>
      evidence.rows.messages.map(({ turnId, text }) => [turnId, text]),
    ),
  )
  return followed.flatMap(({ turnId, last, text }) => {
    const turn = turns.get(turnId)
    if (!turn || turn.gen > 1 || turn.decidedAgain || last === 'waiting_approval') return []
    if (!isTerminal(turn.state as TurnState)) return [] // found already
    const isGood = ['replied', 'ignored', 'merged'].includes(turn.state)
    if ((last === 'done') !== isGood && turn.state !== 'merged') {
      return [violation('I1', `the stream of ${turnId} ended with ${last}: it is ${turn.state}`)]
    }
    const said = replies.get(turnId)
    if (turn.state !== 'replied' || said === undefined || said === text) return []
    return [violation('I2', `the stream of ${turnId} showed '${text}', and the reply is '${said}'`)]
  })
}

/** What people were told: one turn per agent under one id, and no refusal of a sound message. */
const clients = ({ said }: Stage): string[] =>
  [...said.values()].flatMap(({ say, turnIds, refusal }) => [
    ...(refusal === undefined ? [] : [`the message ${say.id} was refused with ${refusal}`]),
    ...[...turnIds.values()]
      .filter((ids) => ids.size > 1)
      .map((ids) => `I1: the message ${say.id} was promised ${[...ids].join(' and ')}`),
  ])

const processes = ({ house }: Stage): string[] =>
  house.slots
    .filter((slot) => slot.casualties() > 0)
    .map((slot) => `the process '${slot.name}' ended by itself ${slot.casualties()} times`)
