import { type ChosenActions, chooseActions } from '../agent/choose-actions.ts'
import { ModelAnswerError } from '../agent/errors.ts'
import type { Ports, StepAttempt } from '../agent/ports.ts'
import { parseAnswer } from '../agent/prompts/answer.ts'
import { stableLengthOf, toolsOf } from '../agent/prompts/stored-decision.ts'
import { createTextStream } from '../agent/prompts/text-stream.ts'
import type { JsonObject } from '../schema/json.ts'
import { storableJson, storableText } from '../schema/text.ts'
import type { Decision, TurnInput } from '../schema/turn.ts'
import { currentAttempt, wasCancelled, withHeartbeats } from './attempt.ts'
import { callModel, type ModelAnswer } from './call-model.ts'
import { placeOf, type VendorPorts } from './call-vendor.ts'
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
      const spoken = { ...attempt, attempt: spokenAttempt(attempt.attempt, round) }
      const publisher = createPublisher(ports.stream, spoken)
      try {
        const choice = await ask(ports, { attempt, step, ...opened, publisher, signal })
        const result = journalEntry(choice, publisher.position())
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

const SAID_NOTHING = { thought: '', actions: [], ignored: false, unknownActions: [] }

type Choice = ChosenActions & {
  /** False when the answer was cut off. */
  readonly isComplete: boolean
}

interface Question extends OpenTurn {
  readonly attempt: StepAttempt
  readonly step: string
  readonly publisher: Publisher
  readonly signal: AbortSignal
}

async function ask(
  ports: DecidePorts,
  { attempt, step, turn, agent, publisher, signal }: Question,
): Promise<Choice> {
  const stored = await ports.prompts.read(turn, step)
  if (!stored)
    throw new Error(`The turn '${turn.turnId}' has no prompt: composeState must run first.`)
  const params = { prompt: stored.prompt, stableLength: stableLengthOf(stored) } // the character's `system` is in it
  const tools = toolsOf(agent, stored)
  for (let call = 1; ; call += 1) {
    const answer = await callModel(ports, {
      ...{ attempt, step, call, agent, params, tools, signal },
      ...placeOf(turn),
      purpose: 'TEXT_LARGE',
      listener: publisher,
    })
    const choice = readChoice(answer, agent.actions)
    if (choice) {
      publisher.end()
      return choice
    }
    if (answer.finishReason === 'content-filter') throw refused()
    if (call === MAX_CALLS) throw unreadable(answer)
  }
}

function readChoice(
  { text, isBroken, finishReason }: ModelAnswer,
  actions: Parameters<typeof chooseActions>[1],
): Choice | undefined {
  const parsed = parseAnswer(storableText(text))
  if (!parsed) return undefined
  const choice = chooseActions(parsed, actions)
  const isUsable = choice.ignored || choice.reply || choice.actions.length > 0
  const isWhole = !isBroken && finishReason !== 'content-filter'
  return isUsable ? { ...choice, isComplete: parsed.isComplete && isWhole } : undefined
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

/** Gives the stream what the person may see, while the model still writes. */
function createPublisher(stream: Ports['stream'], { turnId, gen, attempt }: StepAttempt) {
  let visible = createTextStream()
  let seq = 0 // goes on over both calls: a position names one chunk of the attempt
  let said = ''
  // Two answers in one stream would be read as one; `settle` shows the whole of the second.
  let isMuted = false
  const publish = (text: string) => {
    if (text === '' || isMuted) return
    said += text
    stream.publish(turnId, { kind: 'chunk', gen, attempt, seq, text })
    seq += 1
  }
  return {
    begin: () => {
      visible = createTextStream()
      isMuted ||= said !== ''
    },
    push: (delta: string) => publish(visible.push(delta)),
    end: () => publish(visible.end()),
    /** Text that was published. */
    said: () => said,
    isVisible: () => said !== '' && !isMuted,
    position: (): Spoken => ({ attempt, chunks: seq }),
  }
}

type Publisher = ReturnType<typeof createPublisher>

/** Where the stream stands. */
interface Spoken {
  readonly attempt: number
  readonly chunks: number
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

/** Names only: they come from the agent's own actions, never from the model's text. */
const decisionOf = (result: JsonObject): Decision => ({ actions: result.actions as string[] })
