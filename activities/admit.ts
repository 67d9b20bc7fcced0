import { needsAttention } from '../agent/attachments.ts'
import { hasForeignMembers } from '../agent/build-agent.ts'
import { UnavailableError } from '../agent/errors.ts'
import type { Ports } from '../agent/ports.ts'
import type { Admission, TurnInput } from '../schema/turn.ts'
import { currentAttempt } from './attempt.ts'
import { agentOf } from './turn-context.ts'

/** Marks the turn running. Run again, it says what it said. */
export const createAdmit = ({
  turns,
  agents,
  turnEvents,
}: Pick<Ports, 'turns' | 'agents' | 'turnEvents'>) =>
  async function admit(turn: TurnInput): Promise<Admission> {
    const admitted = await turns.admit(currentAttempt(turn))
    if (admitted.kind !== 'admitted') return admitted
    // An agent that does not load fails the next step, whose failure is settled and explained.
    const agent = await agentOf({ agents }, admitted.turn).catch(unlessUnavailable)
    const foreignProviders = agent !== undefined && hasForeignMembers(agent)
    turnEvents?.emit(admitted.turn, 'RUN_STARTED')
    turnEvents?.emit(admitted.turn, 'MESSAGE_RECEIVED')
    const { rounds } = admitted.turn
    // A later generation goes through all rounds again, and perhaps nobody has looked at the last one's.
    const latest = rounds > 1 ? await turns.load(turn, rounds) : undefined
    const { message } = latest ?? admitted.turn
    const attends = needsAttention(message.content) && { hasAttachments: true as const }
    return { kind: 'admitted', foreignProviders, rounds, ...attends }
  }

function unlessUnavailable(error: unknown): undefined {
  if (error instanceof UnavailableError) throw error
}
