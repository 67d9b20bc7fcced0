import { type ChosenActions, chooseActions } from '../agent/choose-actions.ts'
import { ModelAnswerError } from '../agent/errors.ts'
import type { Ports, StepAttempt } from '../agent/ports.ts'
import { parseAnswer } from '../agent/prompts/answer.ts'
import { createTextStream } from '../agent/prompts/text-stream.ts'
import type { JsonObject } from '../schema/json.ts'
import { storableText } from '../schema/text.ts'
import type { Decision, TurnInput } from '../schema/turn.ts'
import { currentAttempt, withHeartbeats } from './attempt.ts'
import { callModel, type ModelAnswer } from './call-model.ts'
import { type OpenTurn, openTurn } from './turn-context.ts'

const STEP = 'decide'

/** A model that answered nothing readable is asked once more, with the same prompt. */
const MAX_CALLS = 2

type DecidePorts = Pick<
  Ports,
  'turns' | 'agents' | 'journal' | 'ledger' | 'prompts' | 'models' | 'stream'
>

/**
 * Asks the model what to say and do. Run again, it returns the journaled decision; an attempt that
 * was cut off before that is repeated by the next one, and its answer, if it was complete, is used.
 */
export const createDecide = (ports: DecidePorts) =>
  async function decide(turn: TurnInput): Promise<Decision> {
    const attempt = currentAttempt(turn)
    const claim = await ports.journal.claim(attempt, { step: STEP, beforeSettle: true })
    if (claim.kind === 'done') return decisionOf(claim.result)
    return withHeartbeats(async (signal) => {
      const opened = await openTurn(ports, turn, STEP)
      const { choice, chunks } = await ask(ports, attempt, opened, signal)
      const result = journalEntry(choice, attempt, chunks)
      await ports.journal.finish(attempt, STEP, result)
      return decisionOf(result)
    })
  }

type Choice = ChosenActions & {
  /** False when the answer was cut off. */
  readonly isComplete: boolean
}

interface Asked {
  readonly choice: Choice
  /** How many pieces of text the stream was given. */
  readonly chunks: number
}

async function ask(
  ports: DecidePorts,
  attempt: StepAttempt,
  { turn, agent }: OpenTurn,
  signal: AbortSignal,
): Promise<Asked> {
  const stored = await ports.prompts.read(turn, STEP)
  if (!stored)
    throw new Error(`The turn '${turn.turnId}' has no prompt: composeState must run first.`)
  const params = { prompt: stored.prompt } // the character's `system` is in it
  const publisher = createPublisher(ports.stream, attempt)
  for (let call = 1; ; call += 1) {
    publisher.begin()
    const answer = await callModel(ports, {
      attempt,
      step: STEP,
      call,
      agent,
      purpose: 'TEXT_LARGE',
      params,
      signal,
      deadlineAt: turn.deadlineAt,
      onText: publisher.push,
    })
    const choice = readChoice(answer, agent.actions)
    if (choice) {
      publisher.end()
      return { choice, chunks: publisher.count() }
    }
    if (call === MAX_CALLS) throw unreadable(answer)
  }
}

function readChoice(
  { text }: ModelAnswer,
  actions: Parameters<typeof chooseActions>[1],
): Choice | undefined {
  const parsed = parseAnswer(storableText(text))
  if (!parsed) return undefined
  const choice = chooseActions(parsed, actions)
  const isUsable = choice.ignored || choice.reply || choice.actions.length > 0
  return isUsable ? { ...choice, isComplete: parsed.isComplete } : undefined
}

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
  const publish = (text: string) => {
    if (text === '') return
    stream.publish(turnId, { kind: 'chunk', gen, attempt, seq, text })
    seq += 1
  }
  return {
    begin: () => {
      visible = createTextStream()
    },
    push: (delta: string) => publish(visible.push(delta)),
    end: () => publish(visible.end()),
    count: () => seq,
  }
}

function journalEntry(choice: Choice, { attempt }: StepAttempt, chunks: number): JsonObject {
  return {
    thought: choice.thought,
    reply: choice.reply ?? null,
    actions: [...choice.actions],
    ignored: choice.ignored,
    unknownActions: [...choice.unknownActions],
    isComplete: choice.isComplete,
    attempt,
    chunks,
  }
}

/** Names only: they come from the agent's own actions, never from the model's text. */
const decisionOf = (result: JsonObject): Decision => ({ actions: result.actions as string[] })
