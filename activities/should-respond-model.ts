import { hasForeignMembers } from '../agent/build-agent.ts'
import { composeState } from '../agent/compose-state.ts'
import type { Ports, StepCommit } from '../agent/ports.ts'
import { fitPrompt } from '../agent/prompts/fit-prompt.ts'
import { parseRespondAnswer } from '../agent/prompts/respond-answer.ts'
import { templateOf } from '../agent/prompts/templates.ts'
import type { RespondDecision, TurnInput } from '../schema/turn.ts'
import { currentAttempt, withHeartbeats } from './attempt.ts'
import { callModel } from './call-model.ts'
import { placeOf } from './call-vendor.ts'
import { deliverElsewhere } from './deliver-elsewhere.ts'
import { firstModel } from './first-model.ts'
import { claimedWork, foreignTimeoutMs } from './foreign-work.ts'
import { storedOrRefused } from './refused-records.ts'
import { openTurn, turnContext } from './turn-context.ts'
import type { WorkPorts } from './work-context.ts'

const STEP = 'shouldRespond.model'

/**
 * Asks the model when the rules do not decide. Run again, it returns the journaled decision. What plugins'
 * providers write for it commits with that.
 */
export const createShouldRespondModel = (
  ports: WorkPorts &
    Pick<Ports, 'turns' | 'agents' | 'journal' | 'connectors' | 'startDelivery' | 'log'>,
) =>
  async function shouldRespondModel(input: TurnInput): Promise<RespondDecision> {
    const attempt = currentAttempt(input)
    const claim = await ports.journal.claim(attempt, { step: STEP, beforeSettle: true })
    if (claim.kind === 'done') return claim.result.decision as RespondDecision
    return withHeartbeats(async (signal) => {
      const opened = await openTurn(ports, input, STEP)
      const { turn, agent } = opened
      // What there is to do, and how to say it, does not matter yet.
      const silent = ['ACTIONS', 'PROVIDERS', 'ANXIETY']
      const step = { attempt, step: STEP, signal, hasOwnCalls: true }
      const work = hasForeignMembers(agent) ? claimedWork(ports, opened, step) : undefined
      const composed = await composeState(turnContext(opened, ports, signal), {
        silent,
        ...(work && { contextOf: work.contextOf, timeoutMs: foreignTimeoutMs(opened.turn) }),
      })
      const { prompt, stableLength } = await fitPrompt(composed, {
        template: templateOf(agent.character, 'shouldRespondTemplate'),
        model: await firstModel(ports.models, 'TEXT_SMALL', agent),
        message: turn.message.content.text ?? '',
      })
      const answer = await callModel(ports, {
        attempt,
        step: STEP,
        call: 1,
        agent,
        ...placeOf(turn),
        purpose: 'TEXT_SMALL',
        params: { prompt, stableLength },
        signal,
      })
      const decision = parseRespondAnswer(answer.text) ?? 'ignore' // unreadable: silence, as ElizaOS has it
      const store = async (writes?: StepCommit) => {
        await ports.journal.finish(attempt, STEP, { decision }, writes)
        if (writes) await deliverElsewhere(ports, turn, writes)
      }
      await (work ? storedOrRefused(ports, { commit: work.commit(), step: STEP }, store) : store())
      return decision
    })
  }
