import { composeState as compose } from '../agent/compose-state.ts'
import type { Ports } from '../agent/ports.ts'
import { composePrompt } from '../agent/prompts/compose-prompt.ts'
import { templateOf } from '../agent/prompts/templates.ts'
import type { ProviderTrace, State } from '../agent/provider.ts'
import type { JsonObject } from '../schema/json.ts'
import { storableText } from '../schema/text.ts'
import type { TurnInput } from '../schema/turn.ts'
import { currentAttempt, withHeartbeats } from './attempt.ts'
import { decideStep } from './rounds.ts'
import { openTurn, turnContext } from './turn-context.ts'

/** Longer values are in the prompt already; a second copy would double the size of a turn. */
const MAX_STORED_VALUE = 200

/** Runs the providers and stores the prompt for a round's `decide`. Run again, it finds the one that stands. */
export const createComposeState = (
  ports: Pick<Ports, 'turns' | 'agents' | 'memories' | 'approvals' | 'prompts'>,
) =>
  async function composeState(turn: TurnInput, round = 1): Promise<void> {
    // A generation that goes on with what an older one found out.
    if (turn.gen > 1 && (await ports.prompts.read(turn, decideStep(round)))) return
    await withHeartbeats(async (signal) => {
      const opened = await openTurn(ports, turn, 'composeState', round)
      // A fork that took the prompt over asks no provider.
      if (opened.turn.forkOf && (await ports.prompts.read(turn, decideStep(round)))) return
      const context = turnContext(opened, ports, signal)
      // What ElizaOS composes before a decision; the names of the people are in it anyway.
      const { state, traces } = await compose(context, { include: ['ENTITIES'] })
      const template = templateOf(opened.agent.character, 'messageHandlerTemplate')
      const prompt = storableText(composePrompt(template, state))
      await ports.prompts.write(currentAttempt(turn), decideStep(round), {
        prompt,
        state: storedState(state, traces),
      })
    })
  }

function storedState({ values }: State, traces: readonly ProviderTrace[]): JsonObject {
  const short = Object.entries(values).filter(
    ([, value]) =>
      typeof value === 'number' ||
      typeof value === 'boolean' ||
      (typeof value === 'string' && value.length <= MAX_STORED_VALUE),
  ) as [string, string | number | boolean][]
  return {
    values: Object.fromEntries(short),
    providers: traces.map((trace) => ({ ...trace })),
  }
}
