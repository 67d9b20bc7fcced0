import type { Agent } from '../agent/agent.ts'
import { spokenText } from '../agent/attachment-words.ts'
import { type ComposedState, composeState as compose } from '../agent/compose-state.ts'
import { type DecisionMode, wantedDecision } from '../agent/decision-mode.ts'
import type { ResolvedModel } from '../agent/models.ts'
import { offeredNames } from '../agent/plugins/core/actions-provider.ts'
import type { Ports, StoredPrompt } from '../agent/ports.ts'
import { fitPrompt } from '../agent/prompts/fit-prompt.ts'
import { storedFacts } from '../agent/prompts/stored-decision.ts'
import { templateOf } from '../agent/prompts/templates.ts'
import { toolSpecs } from '../agent/prompts/tool-specs.ts'
import type { ProviderTrace, State } from '../agent/provider.ts'
import type { JsonObject } from '../schema/json.ts'
import type { TurnInput } from '../schema/turn.ts'
import { currentAttempt, withHeartbeats } from './attempt.ts'
import { firstModel } from './first-model.ts'
import { foreignWork } from './foreign-work.ts'
import { composeStep, decideStep } from './rounds.ts'
import { type OpenTurn, openTurn, turnContext } from './turn-context.ts'
import type { WorkPorts } from './work-context.ts'

/** Longer values are in the prompt already; a second copy would double the size of a turn. */
const MAX_STORED_VALUE = 200

/** Above the limit that plugins' providers have of their own, which names them. */
const FOREIGN_TIMEOUT_MS = 10_000

type ComposePorts = WorkPorts &
  Pick<Ports, 'turns' | 'agents' | 'prompts' | 'journal' | 'connectors' | 'decision'>

/** Runs the providers and stores the prompt for a round's `decide`. Run again, it finds the one that stands. */
export const createComposeState = (ports: ComposePorts) =>
  async function composeState(turn: TurnInput, round = 1): Promise<void> {
    // A generation that goes on with what an older one found out.
    if (turn.gen > 1 && (await ports.prompts.read(turn, decideStep(round)))) return
    await withHeartbeats(async (signal) => {
      const opened = await openTurn(ports, turn, 'composeState', round)
      // A fork that took the prompt over asks no provider.
      if (opened.turn.forkOf && (await ports.prompts.read(turn, decideStep(round)))) return
      const { agent } = opened
      const model = await firstModel(ports.models, 'TEXT_LARGE', agent)
      const wanted = wantedDecision(agent.settings, ports.decision)
      const mode: DecisionMode = model.card.hasTools ? wanted : 'xml'
      const attempt = currentAttempt(turn)
      const work = await foreignWork(ports, opened, { attempt, step: composeStep(round), signal })
      if (work === 'done') return
      // What ElizaOS composes before a decision; the names of the people are in it anyway.
      const composed = await compose(turnContext(opened, ports, signal), {
        include: ['ENTITIES'],
        silent: mode === 'tools' ? ['ACTIONS'] : [],
        ...(work && { contextOf: work.contextOf, timeoutMs: FOREIGN_TIMEOUT_MS }),
      })
      const prompt = await promptFor(opened, { composed, model, mode })
      await ports.prompts.write(attempt, decideStep(round), prompt, work?.commit())
    })
  }

interface Chosen {
  readonly composed: ComposedState
  readonly model: ResolvedModel
  readonly mode: DecisionMode
}

/** Fitted to the model that is asked first. What decides how it is asked is stored with it. */
async function promptFor(
  { turn, agent }: OpenTurn,
  { composed, model, mode }: Chosen,
): Promise<StoredPrompt> {
  const tools = mode === 'tools' ? offeredNames(composed.state) : []
  const name = mode === 'tools' ? 'toolDecisionTemplate' : 'messageHandlerTemplate'
  const { prompt, state, stableLength, cut } = await fitPrompt(composed, {
    template: templateOf(agent.character, name),
    model,
    message: spokenText(turn.message.content),
    besides: mode === 'tools' ? toolsText(agent, tools) : '',
  })
  return {
    prompt,
    state: {
      ...storedState(state, composed.traces),
      ...storedFacts({ decision: mode, tools, stableLength }),
      ...(cut ? { cut } : {}),
    },
  }
}

/** What the model reads of the tools, about. */
function toolsText({ actions }: Agent, names: readonly string[]): string {
  const { specs } = toolSpecs(actions.filter(({ name }) => names.includes(name)))
  return specs.length > 0 ? JSON.stringify(specs) : ''
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
