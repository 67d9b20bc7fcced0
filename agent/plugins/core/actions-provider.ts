import type { Action } from '../../action.ts'
import type { TurnContext } from '../../context.ts'
import { fillNames } from '../../prompts/example-names.ts'
import type { Provider, ProviderResult, State } from '../../provider.ts'
import { withinTime } from '../../within-time.ts'
import { list, section } from './sections.ts'

/** Below the provider's own limit, so that one slow `validate` costs its action and not the list. */
const VALIDATE_TIMEOUT_MS = 1_000
const EXAMPLES_PER_ACTION = 1

/**
 * What the agent can do now: actions whose `validate` agrees. One that throws or is late is not
 * offered. Those without `validate` stand first: they are the same in each turn.
 */
export const actionsProvider: Provider = {
  name: 'ACTIONS',
  description: 'The actions that are possible now.',
  position: -1,
  builtIn: true,
  async get(context, state) {
    const offered = await offeredActions(context, state)
    const always = offered.filter(({ validate }) => validate === undefined)
    const now = offered.filter(({ validate }) => validate !== undefined)
    const stableText = joined([
      section('Actions', described(always)),
      section('Parameters of actions', parametersOf(always)),
      section('Examples of actions', examplesOf(always, context)),
    ])
    const text = joined([
      stableText,
      section('More actions that are possible now', described(now)),
      section('Parameters of these actions', parametersOf(now)),
      section('Examples of these actions', examplesOf(now, context)),
    ])
    const actionNames = offered.map(({ name }) => name)
    return {
      text,
      stableText,
      values: {
        actionNames: `Possible response actions: ${actionNames.join(', ')}`,
        actionsWithDescriptions: section('Actions', described(offered)),
        actionParameters: section('Parameters of actions', parametersOf(offered)),
        actionExamples: section('Examples of actions', examplesOf(offered, context)),
      },
      data: { actionNames },
    }
  },
}

/** Names of the actions that a state offers; empty when nobody was asked for them. */
export function offeredNames({ data }: State): readonly string[] {
  const { ACTIONS: given } = (data.providers ?? {}) as Record<string, ProviderResult> // as merged
  const names = given?.data?.actionNames ?? namesIn(given?.data?.actionsData)
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : []
}

/** What ElizaOS's own provider gives, where it takes the place of this one. */
const namesIn = (actions: unknown): unknown =>
  Array.isArray(actions) ? actions.map((action: { name?: unknown } | null) => action?.name) : []

const joined = (parts: readonly string[]): string =>
  parts.filter((part) => part !== '').join('\n\n')

const described = (actions: readonly Action[]): string =>
  list(actions.map(({ name, description }) => `${name}: ${description}`))

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
  'Give them in <params>{"ACTION": {"parameter": "value"}}</params>, behind <actions>, as one JSON object by the name of the action. Leave <params> out for actions without parameters.'

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
