import { composeState } from '../agent/compose-state.ts'
import type { Ports } from '../agent/ports.ts'
import { composePrompt } from '../agent/prompts/compose-prompt.ts'
import { parseRespondAnswer } from '../agent/prompts/respond-answer.ts'
import { templateOf } from '../agent/prompts/templates.ts'
import type { RespondDecision, TurnInput } from '../schema/turn.ts'
import { currentAttempt, withHeartbeats } from './attempt.ts'
import { callModel } from './call-model.ts'
import { openTurn, turnContext } from './turn-context.ts'

const STEP = 'shouldRespond.model'

/** Asks the model when the rules do not decide. Run again, it returns the journaled decision. */
export const createShouldRespondModel = (
  ports: Pick<
    Ports,
    'turns' | 'agents' | 'journal' | 'ledger' | 'models' | 'memories' | 'approvals'
  >,
) =>
  async function shouldRespondModel(input: TurnInput): Promise<RespondDecision> {
    const attempt = currentAttempt(input)
    const claim = await ports.journal.claim(attempt, { step: STEP, beforeSettle: true })
    if (claim.kind === 'done') return claim.result.decision as RespondDecision
    return withHeartbeats(async (signal) => {
      const opened = await openTurn(ports, input, STEP)
      const { state } = await composeState(turnContext(opened, ports, signal))
      const { turn, agent } = opened
      const prompt = composePrompt(templateOf(agent.character, 'shouldRespondTemplate'), state)
      const answer = await callModel(ports, {
        attempt,
        step: STEP,
        call: 1,
        agent,
        purpose: 'TEXT_SMALL',
        params: { prompt },
        signal,
        deadlineAt: turn.deadlineAt,
      })
      const decision = parseRespondAnswer(answer.text) ?? 'ignore' // unreadable: silence, as ElizaOS has it
      await ports.journal.finish(attempt, STEP, { decision })
      return decision
    })
  }
