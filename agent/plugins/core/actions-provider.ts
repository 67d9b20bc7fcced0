import type { Action } from '../../action.ts'
import type { TurnContext } from '../../context.ts'
import { fillNames } from '../../prompts/example-names.ts'
import type { Provider, State } from '../../provider.ts'
import { withinTime } from '../../within-time.ts'
import { list, section } from './sections.ts'

/** Below the provider's own limit, so that one slow `validate` costs its action and not the list. */
const VALIDATE_TIMEOUT_MS = 1_000
const EXAMPLES_PER_ACTION = 1

/** What the agent can do now: actions whose `validate` agrees. One that throws or is late is not offered. */
export const actionsProvider: Provider = {
  name: 'ACTIONS',
  description: 'The actions that are possible now.',
  position: -1,
  builtIn: true,
  async get(context, state) {
    const offered = await offeredActions(context, state)
    const actionNames = `Possible response actions: ${offered.map(({ name }) => name).join(', ')}`
    const actionsWithDescriptions = section(
      'Actions',
      list(offered.map(({ name, description }) => `${name}: ${description}`)),
    )
    const actionParameters = section('Parameters of actions', parametersOf(offered))
    const actionExamples = section('Examples of actions', examplesOf(offered, context))
    const text = [actionNames, actionsWithDescriptions, actionParameters, actionExamples]
    return {
      text: text.filter((part) => part !== '').join('\n\n'),
      values: { actionNames, actionsWithDescriptions, actionParameters, actionExamples },
      data: { actionNames: offered.map(({ name }) => name) },
    }
  },
}

async function offeredActions(context: TurnContext, state: State): Promise<Action[]> {
  const verdicts = await Promise.all(
    context.agent.actions.map((action) => isValid(action, context, state)),
  )
  return context.agent.actions.filter((_, index) => verdicts[index])
}

async function isValid(action: Action, context: TurnContext, state: State): Promise<boolean> {
  if (!action.validate) return true
  try {
    return await withinTime(context.signal, VALIDATE_TIMEOUT_MS, async (signal) => {
      return Boolean(await action.validate?.({ ...context, signal }, state))
    })
  } catch {
    return false
  }
}

/** '' when no action has any: most prompts do not speak of parameters. */
function parametersOf(actions: readonly Action[]): string {
  const lines = actions.flatMap(({ name, parameters = [] }) =>
    parameters.map(
      (one) => `${name}: ${one.name}${one.required ? ' (required)' : ''}: ${one.description}`,
    ),
  )
  return lines.length > 0 ? `${HOW_TO_GIVE_PARAMETERS}\n${list(lines)}` : ''
}

const HOW_TO_GIVE_PARAMETERS =
  'Give them in <params>, behind <actions>, as one JSON object by the name of the action. Leave <params> out for actions without parameters.'

function examplesOf(actions: readonly Action[], { agent }: TurnContext): string {
  const agentName = agent.character.name
  return actions
    .flatMap(({ examples = [] }) => examples.slice(0, EXAMPLES_PER_ACTION))
    .map((messages) =>
      messages
        .map(({ name, content }) => {
          const actionsNote = content.actions?.length
            ? ` (actions: ${content.actions.join(', ')})`
            : ''
          return fillNames(`${name}: ${content.text}`.trimEnd() + actionsNote, agentName)
        })
        .join('\n'),
    )
    .join('\n\n')
}
