import type { Journal } from '../agent/ports.ts'
import {
  type ActionOutcome,
  type ActionPlan,
  planOfActions,
  type TurnProgress,
} from '../agent/progress.ts'
import type { JsonObject } from '../schema/json.ts'
import type { TurnRef } from '../schema/turn.ts'
import { runStep } from './action-task.ts'
import { decideStep } from './rounds.ts'

/** The decisions of the rounds before one, oldest first. */
export async function decisionsBefore(
  journal: Pick<Journal, 'read'>,
  turn: TurnRef,
  round: number,
): Promise<readonly JsonObject[]> {
  const rounds = Array.from({ length: round - 1 }, (_, before) => before + 1)
  const decisions = await Promise.all(rounds.map((one) => journal.read(turn, decideStep(one))))
  return decisions.map((decision) => decision ?? {})
}

/** Results of the first `count` actions of a turn. One that nobody finished is left out. */
export async function outcomesBefore(
  journal: Pick<Journal, 'read'>,
  turn: TurnRef,
  count: number,
): Promise<readonly ActionOutcome[]> {
  const results = await Promise.all(
    Array.from({ length: count }, (_, ordinal) => journal.read(turn, runStep(ordinal))),
  )
  // Journaled by `runAction`, so they have the shape of a result.
  return results.filter((result) => result !== undefined) as unknown as ActionOutcome[]
}

/** What a turn has done before a round begins. Undefined in the first one: nothing is read for it. */
export async function progressBefore(
  journal: Pick<Journal, 'read'>,
  turn: TurnRef,
  decisions: readonly JsonObject[],
): Promise<TurnProgress | undefined> {
  const last = decisions.at(-1)
  if (!last) return undefined
  const count = decisions.reduce((sum, decision) => sum + actionsOf(decision).length, 0)
  const results = await outcomesBefore(journal, turn, count)
  const progress = progressOf(last, results, count - actionsOf(last).length)
  return { ...progress, notes: decisions.flatMap(notesOf) }
}

/**
 * @param results of all actions of the turn so far, the decision's own last
 * @param before how many of them belong to earlier decisions
 */
export function progressOf(
  decision: JsonObject,
  results: readonly ActionOutcome[],
  before: number,
): TurnProgress {
  const thought = typeof decision.thought === 'string' ? decision.thought : ''
  const words = wordsOf(decision)
  const plan = planOfActions(actionsOf(decision), results.slice(before), { thought, words })
  return { plan, results, notes: notesOf(decision) }
}

/** `said`: when the turn was parked. */
function wordsOf({ reply, said, next }: JsonObject): ActionPlan['words'] {
  if (next !== undefined) return 'later'
  return typeof reply === 'string' || typeof said === 'string' ? 'decided' : 'none'
}

/** A name that nothing has: the model would ask for it again. */
const notesOf = ({ unknownActions }: JsonObject): string[] =>
  (Array.isArray(unknownActions) ? unknownActions : []).map(
    (name) => `There is no action '${String(name).slice(0, 100)}'.`,
  )

export const actionsOf = ({ actions }: JsonObject): string[] =>
  Array.isArray(actions) ? actions.map(String) : []
