import type { Agent } from '../agent/agent.ts'
import { type Asking, askingIn, toJson } from '../agent/asking.ts'
import { ModelAnswerError } from '../agent/errors.ts'
import type { Ports, StepAttempt, StoredPrompt } from '../agent/ports.ts'
import { fixedText } from '../agent/prompts/fixed-text.ts'
import { stableLengthOf, toolsOf } from '../agent/prompts/stored-decision.ts'
import type { JsonObject } from '../schema/json.ts'
import { storableJson } from '../schema/text.ts'
import type { Decision, TurnInput } from '../schema/turn.ts'
import { currentAttempt, wasCancelled, withHeartbeats } from './attempt.ts'
import { callModel, type ModelAnswer } from './call-model.ts'
import { placeOf, type VendorPorts } from './call-vendor.ts'
import { createPublisher, type Publisher, type Spoken } from './publisher.ts'
import { type Choice, holdsBack, readDecision, SAID_NOTHING } from './read-decision.ts'
import { decideStep, spokenAttempt } from './rounds.ts'
import { type OpenTurn, openTurn } from './turn-context.ts'

/** A model that answered nothing readable is asked once more, with the same prompt. */
const MAX_CALLS = 2

type DecidePorts = VendorPorts & Pick<Ports, 'turns' | 'agents' | 'journal' | 'prompts' | 'stream'>

/**
 * Asks the model what to say and do. Run again, it returns the journaled decision; an attempt that
 * was cut off before that is repeated by the next one, and its answer, if it was complete, is used.
 */
export const createDecide = (ports: DecidePorts) =>
  async function decide(turn: TurnInput, round = 1): Promise<Decision> {
    const attempt = currentAttempt(turn)
    const step = decideStep(round)
    const claim = await ports.journal.claim(attempt, { step, beforeSettle: true })
    if (claim.kind === 'done') return decisionOf(claim.result)
    return withHeartbeats(async (signal) => {
      const opened = await openTurn(ports, turn, step, round)
      const prompt = await promptOf(ports, turn, step)
      const { asking } = prompt
      const spoken = { ...attempt, attempt: spokenAttempt(attempt.attempt, round) }
      const holds = holdsBack(asking, opened.agent)
      const publisher = createPublisher(ports.stream, spoken, { holds })
      try {
        const choice = await ask(ports, { attempt, step, ...opened, ...prompt, publisher, signal })
        const result = {
          ...journalEntry(choice, publisher.position()),
          ...ranOf(asking),
          ...gatewayOf(choice, opened.agent),
        }
        await ports.journal.finish(attempt, step, result)
        return decisionOf(result)
      } catch (error) {
        if (wasCancelled()) await keepPartial(ports, attempt, step, publisher)
        throw error
      }
    })
  }

/**
 * What was said before a cancellation is journaled: whether the person keeps it is for `settle`. It
 * is lost when the worker dies just then, because no later attempt begins.
 */
async function keepPartial(
  { journal }: DecidePorts,
  attempt: StepAttempt,
  step: string,
  publisher: Publisher,
): Promise<void> {
  const partial: Choice = { ...SAID_NOTHING, reply: publisher.said(), isComplete: false }
  const entry = { ...journalEntry(partial, publisher.position()), interrupted: true }
  await journal.finish(attempt, step, entry).catch(() => undefined) // fenced or away: nothing is kept
}

async function promptOf({ prompts }: DecidePorts, turn: TurnInput, step: string) {
  const stored = await prompts.read(turn, step)
  if (!stored)
    throw new Error(`The turn '${turn.turnId}' has no prompt: composeState must run first.`)
  return { stored, asking: askingIn(stored.state) }
}

interface Question extends OpenTurn {
  readonly attempt: StepAttempt
  readonly step: string
  readonly stored: StoredPrompt
  readonly asking: Asking
  readonly publisher: Publisher
  readonly signal: AbortSignal
}

/** Asks until an answer can be used; ElizaOS's multi-step mode reads its steps where nobody reads along. */
async function ask(ports: DecidePorts, question: Question): Promise<Choice> {
  const { attempt, step, turn, agent, publisher, signal, stored, asking } = question
  const params = { prompt: stored.prompt, stableLength: stableLengthOf(stored) } // the character's `system` is in it
  const tools = toolsOf(agent, stored)
  for (let call = 1; ; call += 1) {
    const answer = await callModel(ports, {
      ...{ attempt, step, call, agent, params, tools, signal },
      ...placeOf(turn),
      purpose: 'TEXT_LARGE',
      ...(asking.kind === 'step' ? {} : { listener: publisher }),
    })
    const choice = readChoice(answer, question)
    if (choice) {
      if (asking.kind !== 'step') publisher.end()
      return choice
    }
    if (answer.finishReason === 'content-filter') throw refused()
    if (call < MAX_CALLS) continue
    const makeshift = insteadOf(question)
    if (makeshift) return makeshift
    throw unreadable(answer)
  }
}

function readChoice(
  { text, isBroken, finishReason }: ModelAnswer,
  { asking, agent }: Question,
): Choice | undefined {
  const choice = readDecision(text, asking, agent)
  const isWhole = !isBroken && finishReason !== 'content-filter'
  return choice && { ...choice, isComplete: choice.isComplete && isWhole }
}

/** A turn of many steps has something to say whatever the model wrote last. */
function insteadOf({ asking, agent }: Question): Choice | undefined {
  const next = { ...asking, kind: 'summary' as const, iteration: asking.iteration + 1 }
  if (asking.kind === 'step') return { ...SAID_NOTHING, isComplete: true, next }
  if (asking.kind !== 'summary') return undefined
  const reply = fixedText(agent, 'multiStepFallbackTemplate', { actions: asking.ran.join(', ') })
  return { ...SAID_NOTHING, isComplete: true, reply }
}

const refused = () =>
  new ModelAnswerError(
    'model_refused',
    "The model or its vendor's content filter refused to answer. Look at the message, at the character, " +
      "and at the filter's settings in the vendor's console; another vendor may answer.",
  )

function unreadable({ text }: ModelAnswer): ModelAnswerError {
  return text.trim() === ''
    ? new ModelAnswerError('model_answer_empty', 'The model answered nothing, twice.')
    : new ModelAnswerError(
        'model_answer_unreadable',
        `Nothing sayable could be read from the model's answer of ${text.length} characters, twice.`,
      )
}

function journalEntry(choice: Choice, { attempt, chunks }: Spoken): JsonObject {
  // An escape inside the parameters' JSON may stand for what the text itself did not hold.
  return storableJson({
    thought: choice.thought,
    reply: choice.reply ?? null,
    actions: [...choice.actions],
    ignored: choice.ignored,
    unknownActions: [...choice.unknownActions],
    ...parametersOf(choice),
    ...(choice.next ? { next: toJson(choice.next) } : {}),
    isComplete: choice.isComplete,
    attempt,
    chunks,
  })
}

/** They may be the model's own words: `runAction` reads them here, the Workflow never sees them. */
const parametersOf = ({ parameters, parametersFault }: Choice): JsonObject => ({
  ...(parameters ? { parameters } : {}),
  ...(parametersFault === undefined ? {} : { parametersFault }),
})

/** Actions of the rounds before: the message says what led to it. */
const ranOf = ({ ran }: Asking): JsonObject => (ran.length > 0 ? { ran: [...ran] } : {})

/** Kept with the decision: another process may have loaded other plugins by then. */
function gatewayOf({ actions }: Choice, agent: Agent): JsonObject {
  const held = agent.actions.filter(({ needsGateway }) => needsGateway).map(({ name }) => name)
  const gateway = actions.filter((name) => held.includes(name))
  return gateway.length > 0 ? { gateway } : {}
}

/** Names only: they come from the agent's own actions, never from the model's text. */
const decisionOf = ({ actions, gateway, next }: JsonObject): Decision => ({
  actions: actions as string[],
  ...(gateway === undefined ? {} : { gateway: gateway as string[] }),
  ...(next === undefined ? {} : { more: true as const }),
})
