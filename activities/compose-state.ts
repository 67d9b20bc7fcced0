import type { Agent } from '../agent/agent.ts'
import {
  type Asking,
  type AskingKind,
  askingBehind,
  firstAsking,
  storedAsking,
} from '../agent/asking.ts'
import { spokenText } from '../agent/attachment-words.ts'
import { type ComposedState, composeState as compose } from '../agent/compose-state.ts'
import { type DecisionMode, wantedDecision } from '../agent/decision-mode.ts'
import type { ResolvedModel } from '../agent/models.ts'
import { offeredNames } from '../agent/plugins/core/actions-provider.ts'
import type { Ports, StepCommit, StoredPrompt } from '../agent/ports.ts'
import type { TurnProgress } from '../agent/progress.ts'
import { fitPrompt } from '../agent/prompts/fit-prompt.ts'
import { storedFacts } from '../agent/prompts/stored-decision.ts'
import { type TemplateName, templateOf } from '../agent/prompts/templates.ts'
import { toolSpecs } from '../agent/prompts/tool-specs.ts'
import type { ProviderTrace, State } from '../agent/provider.ts'
import type { JsonObject } from '../schema/json.ts'
import type { TurnInput } from '../schema/turn.ts'
import { currentAttempt, withHeartbeats } from './attempt.ts'
import { deliverElsewhere } from './deliver-elsewhere.ts'
import { firstModel } from './first-model.ts'
import { foreignTimeoutMs, foreignWork } from './foreign-work.ts'
import { decisionsBefore, progressBefore } from './progress.ts'
import { storedOrRefused } from './refused-records.ts'
import { composeStep, decideStep } from './rounds.ts'
import { type OpenTurn, openTurn, turnContext } from './turn-context.ts'
import type { WorkPorts } from './work-context.ts'

/** Longer values are in the prompt already; a second copy would double the size of a turn. */
const MAX_STORED_VALUE = 200

type ComposePorts = WorkPorts &
  Pick<
    Ports,
    'turns' | 'agents' | 'prompts' | 'journal' | 'connectors' | 'decision' | 'multiStep'
  > &
  Pick<Ports, 'startDelivery' | 'log'>

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
      const { asking, progress } = await roundOf(ports, turn, { round, agent })
      const wanted =
        asking.kind === 'decide' ? wantedDecision(agent.settings, ports.decision) : 'xml'
      const mode: DecisionMode = model.card.hasTools ? wanted : 'xml'
      const step = { attempt: currentAttempt(turn), step: composeStep(round), signal }
      const asked = { ...opened, progress }
      const isWanted = asking.include.length > 0
      const work = await foreignWork(ports, asked, { ...step, isWanted })
      if (work === 'done') return
      // What ElizaOS composes before a decision; the names of the people are in it anyway.
      const composed = await compose(turnContext(asked, ports, signal), {
        include: ['ENTITIES', ...asking.include],
        silent: silentIn(asking, mode),
        ...(work && { contextOf: work.contextOf, timeoutMs: foreignTimeoutMs(opened.turn) }),
      })
      const prompt = await promptFor(opened, { composed, model, mode, asking })
      const store = async (writes?: StepCommit, refused?: Error) => {
        const state = { ...prompt.state, ...(refused && { notStored: refused.message }) }
        await ports.prompts.write(step.attempt, decideStep(round), { ...prompt, state }, writes)
        if (writes) await deliverElsewhere(ports, opened.turn, writes)
      }
      if (!work) return store()
      await storedOrRefused(ports, { commit: work.commit(), step: step.step }, store)
    })
  }

/** What the round is for, and what those before it did. */
async function roundOf(
  { journal, multiStep }: ComposePorts,
  turn: TurnInput,
  { round, agent }: { round: number; agent: Agent },
): Promise<{ asking: Asking; progress: TurnProgress | undefined }> {
  const decisions = await decisionsBefore(journal, turn, round)
  const progress = await progressBefore(journal, turn, decisions)
  const asking = askingBehind(decisions.at(-1)) ?? firstAsking(agent.settings, multiStep)
  return { asking, progress }
}

/** Tools say what actions there are; and who only finds the words chooses nothing. */
function silentIn({ kind }: Asking, mode: DecisionMode): string[] {
  const choosesNothing = kind === 'reply' || kind === 'summary'
  return choosesNothing || mode === 'tools' ? ['ACTIONS', 'PROVIDERS'] : []
}

const TEMPLATES: Readonly<Record<AskingKind, TemplateName>> = {
  decide: 'messageHandlerTemplate',
  reply: 'replyTemplate',
  step: 'multiStepDecisionTemplate',
  summary: 'multiStepSummaryTemplate',
}

interface Chosen {
  readonly composed: ComposedState
  readonly model: ResolvedModel
  readonly mode: DecisionMode
  readonly asking: Asking
}

/** Fitted to the model that is asked first. What decides how it is asked is stored with it. */
async function promptFor(
  { turn, agent }: OpenTurn,
  { composed, model, mode, asking }: Chosen,
): Promise<StoredPrompt> {
  const tools = mode === 'tools' ? offeredNames(composed.state) : []
  const name = mode === 'tools' ? 'toolDecisionTemplate' : TEMPLATES[asking.kind]
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
      ...storedAsking(asking),
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
