import type { Journal } from '../agent/ports.ts'
import type { JsonObject } from '../schema/json.ts'
import type { TurnRef } from '../schema/turn.ts'

/** A turn that was steered, or that has not finished, asks the model again. These are the journal's names of its rounds, from 1. */

export const decideStep = (round = 1): string => (round === 1 ? 'decide' : `decide:${round}`)

export const composeStep = (round?: number): string =>
  decideStep(round).replace('decide', 'composeState')

export const attendStep = (round?: number): string => decideStep(round).replace('decide', 'attend')

/** Later rounds speak as later attempts, so that readers of the stream drop what came before. */
export const spokenAttempt = (attempt: number, round: number): number =>
  (round - 1) * ATTEMPTS_PER_ROUND + attempt

/** More than a step can have within its deadline. */
const ATTEMPTS_PER_ROUND = 1_000

/**
 * The decision that named an action, by the action's ordinal over all rounds; empty when there is none.
 * `index` is its place among the decision's actions.
 */
export async function decisionBehind(
  journal: Pick<Journal, 'read'>,
  turn: TurnRef,
  ordinal: number,
): Promise<{ decision: JsonObject; round: number; index: number }> {
  let before = 0
  for (let round = 1; ; round += 1) {
    const decision = await journal.read(turn, decideStep(round))
    if (!decision) return { decision: {}, round: Math.max(1, round - 1), index: 0 }
    const count = Array.isArray(decision.actions) ? decision.actions.length : 0
    if (ordinal < before + count) return { decision, round, index: ordinal - before }
    before += count
  }
}
