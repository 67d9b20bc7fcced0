import { loopStop } from '../agent/agent-loops.ts'
import type { Ports } from '../agent/ports.ts'
import { respondRule } from '../agent/should-respond.ts'
import type { RespondDecision, TurnInput } from '../schema/turn.ts'
import { currentAttempt } from './attempt.ts'
import { openTurn } from './turn-context.ts'

/** The rules. Run again, it returns the journaled decision. */
export const createShouldRespond = (ports: Pick<Ports, 'turns' | 'agents' | 'journal'>) =>
  async function shouldRespond(turn: TurnInput): Promise<RespondDecision> {
    const opened = await openTurn(ports, turn, 'shouldRespond')
    const stop = loopStop(opened.turn.message.content, opened.agent)
    const decision = stop ? 'ignore' : respondRule(opened.turn, opened.agent)
    const result = { decision, ...stop }
    const stored = await ports.journal.once(currentAttempt(turn), 'shouldRespond', result)
    return stored.decision as RespondDecision // written by the line above, now or before
  }
