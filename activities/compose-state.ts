import { composeState as compose } from '../agent/compose-state.ts'
import type { Ports } from '../agent/ports.ts'
import { composePrompt } from '../agent/prompts/compose-prompt.ts'
import { templateOf } from '../agent/prompts/templates.ts'
import type { ProviderTrace, State } from '../agent/provider.ts'
import type { JsonObject } from '../schema/json.ts'
import { storableText } from '../schema/text.ts'
import type { TurnInput } from '../schema/turn.ts'
import { currentAttempt, withHeartbeats } from './attempt.ts'
import { openTurn, turnContext } from './turn-context.ts'

/** Longer values are in the prompt already; a second copy would double the size of a turn. */
const MAX_STORED_VALUE = 200

/** Runs the providers and stores the prompt for `decide`. Run again, it finds the prompt that stands. */
export const createComposeState = (
  ports: Pick<Ports, 'turns' | 'agents' | 'memories' | 'prompts'>,
) =>
  async function composeState(turn: TurnInput): Promise<void> {
    await withHeartbeats(async (signal) => {
      const opened = await openTurn(ports, turn, 'composeState')
      const context = turnContext(opened, ports.memories, signal)
      // What ElizaOS composes before a decision; the names of the people are in it anyway.
      const { state, traces } = await compose(context, { include: ['ENTITIES'] })
      const template = templateOf(opened.agent.character, 'messageHandlerTemplate')
      const prompt = storableText(composePrompt(template, state))
      await ports.prompts.write(currentAttempt(turn), 'decide', {
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
