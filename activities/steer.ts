import { needsAttention } from '../agent/attachments.ts'
import type { Ports } from '../agent/ports.ts'
import type { Steered, TurnInput } from '../schema/turn.ts'
import { currentAttempt } from './attempt.ts'
import { saidSoFar } from './outcome.ts'
import { decideStep } from './rounds.ts'
import { openTurn } from './turn-context.ts'

type SteerPorts = Pick<Ports, 'turns' | 'agents' | 'journal' | 'connectors' | 'stream'>

/**
 * Takes up the messages that wait to steer the turn, and says what it has to say so far. Run again,
 * it finds what it took. Returns whether there is another round.
 */
export const createSteer = (ports: SteerPorts) =>
  async function steer(input: TurnInput, round: number): Promise<Steered> {
    const step = `steer:${round}`
    const opened = await openTurn(ports, input, step, round)
    const decision = await ports.journal.read(input, decideStep(round))
    const said = saidSoFar(opened, decision ?? {})
    const { turn } = opened
    const merged = await ports.turns.steer(currentAttempt(input), round, {
      turn,
      messages: said ? [said] : [],
      memories: [],
      relationships: [],
      outboxSource: ports.connectors.for(turn.room.source) ? turn.room.source : null,
    })
    for (const { turnId, gen } of merged) {
      ports.stream.publish(turnId, { kind: 'settled', gen, attempt: 0, seq: 0, state: 'merged' })
    }
    if (merged.length === 0) return false
    const next = await ports.turns.load(input, round + 1) // the next steps load it anyway
    return next && needsAttention(next.message.content) ? 'attend' : true
  }
