import { ConflictError, InvalidRequestError } from '../agent/errors.ts'
import { FORK_STEPS, type ForkStep } from '../schema/fork.ts'
import type { JsonObject } from '../schema/json.ts'

/** What a turn journaled in one generation: results of its finished steps, and whose prompts there are. */
export interface Journaled {
  readonly turnId: string
  readonly steps: ReadonlyMap<string, JsonObject>
  readonly prompts: ReadonlySet<string>
}

/** What a fork takes over, under the names that it has in a turn of one round. */
export interface ForkPlan {
  readonly steps: readonly { readonly step: string; readonly result: JsonObject }[]
  /** The original's step whose prompt is that of the fork's `decide`; undefined: it is composed anew. */
  readonly prompt: string | undefined
  /** Steps whose messages and memories are there already, as the original and as the fork calls them. */
  readonly written: readonly WrittenStep[]
}

export interface WrittenStep {
  readonly place: string
  readonly step: string
}

/** A turn that was steered decided several times; a fork answers everything at once, as the last round did. */
export interface LastRound {
  /** `decide`, or `decide:2` after it was steered. */
  readonly decide: string
  /** Actions of the rounds before: their ordinals go on over all rounds. */
  readonly actionsBefore: number
}

export function lastRound({ steps, prompts }: Journaled): LastRound {
  let round = 1
  let actionsBefore = 0
  while (prompts.has(`decide:${round + 1}`)) {
    actionsBefore += actionsOf(steps.get(decideOf(round))).length
    round += 1
  }
  return { decide: decideOf(round), actionsBefore }
}

const decideOf = (round: number) => (round === 1 ? 'decide' : `decide:${round}`)

/**
 * What must have happened before `from`, as it happened.
 *
 * @throws {ConflictError} the turn never got there. @throws {InvalidRequestError} it has no such action.
 */
export function planFork(journaled: Journaled, from: ForkStep): ForkPlan {
  const order = stepsBefore(journaled, from)
  const missing = order.find((step) => !isThere(journaled, step))
  if (missing !== undefined) throw neverGotThere(journaled, from, missing)
  return order.reduce((plan, step) => taken(journaled, plan, step), NOTHING)
}

const NOTHING: ForkPlan = { steps: [], prompt: undefined, written: [] }

/** Steps of a fork, which has one round. */
function stepsBefore(journaled: Journaled, from: ForkStep): string[] {
  const first = ['shouldRespond', 'composeState', 'decide']
  const place = first.indexOf(from)
  if (place >= 0) return first.slice(0, place)
  const { decide } = lastRound(journaled)
  const actions = actionsOf(journaled.steps.get(decide))
  const ordinal = from === 'settle' ? actions.length : Number(from.slice('runAction:'.length))
  if (from !== 'settle' && isThere(journaled, 'decide') && ordinal >= actions.length) {
    throw noSuchAction(journaled.turnId, from, actions)
  }
  return [...first, ...Array.from({ length: ordinal }, (_, before) => `runAction:${before}`)]
}

/** Where the original has what the fork calls `step`. */
function placeOf(journaled: Journaled, step: string): string {
  const { decide, actionsBefore } = lastRound(journaled)
  if (step === 'decide') return decide
  if (step === 'composeState') return decide.replace('decide', 'composeState')
  if (!step.startsWith('runAction:')) return step
  return `runAction:${Number(step.slice('runAction:'.length)) + actionsBefore}`
}

function isThere(journaled: Journaled, step: string): boolean {
  const { steps, prompts } = journaled
  if (step === 'shouldRespond') return responseTo(journaled) === 'respond'
  const place = placeOf(journaled, step)
  if (step === 'composeState') return prompts.has(lastRound(journaled).decide)
  const result = steps.get(place)
  return result !== undefined && result.interrupted !== true // what was cut off decided nothing
}

/** Undefined when nothing was decided. */
function responseTo({ steps }: Journaled): unknown {
  const rule = steps.get('shouldRespond')?.decision
  return rule === 'ask' ? steps.get('shouldRespond.model')?.decision : rule
}

function taken(journaled: Journaled, plan: ForkPlan, step: string): ForkPlan {
  const place = placeOf(journaled, step)
  const result = journaled.steps.get(place) ?? {}
  if (step === 'shouldRespond') {
    const model = journaled.steps.get('shouldRespond.model')
    const asked = model ? [{ step: 'shouldRespond.model', result: model }] : []
    return { ...plan, steps: [...plan.steps, { step, result }, ...asked] }
  }
  const prompt = step === 'composeState' ? lastRound(journaled).decide : plan.prompt
  const kept = step === 'decide' ? asDecided(result) : result
  return {
    steps: [...plan.steps, { step, result: kept }],
    prompt,
    written: [...plan.written, { place, step }],
  }
}

/**
 * What the model decided, as if it had just done so: its text was neither streamed in this turn, where
 * readers would wait for it, nor said when the original was parked.
 */
function asDecided({ attempt, chunks, gen, said, ...decision }: JsonObject): JsonObject {
  return said === undefined ? decision : { ...decision, reply: said }
}

export function actionsOf(decision: JsonObject | undefined): string[] {
  const actions = decision?.actions
  return Array.isArray(actions) ? actions.map(String) : []
}

function neverGotThere(journaled: Journaled, from: ForkStep, missing: string): ConflictError {
  const { turnId } = journaled
  const possible = ['shouldRespond', 'composeState', 'decide'].filter((step) =>
    stepsBefore(journaled, step as ForkStep).every((before) => isThere(journaled, before)),
  )
  return new ConflictError(
    `The turn '${turnId}' cannot be forked from '${from}': its step '${missing}' did not happen or led ` +
      `to no answer, or what it left was deleted. It can be forked from ${possible.join(', ')}.`,
  )
}

function noSuchAction(turnId: string, from: ForkStep, actions: readonly string[]) {
  const chosen = actions.map((action, ordinal) => `runAction:${ordinal} (${action})`)
  const choice = chosen.length > 0 ? `It chose ${chosen.join(', ')}.` : 'It chose no action.'
  return new InvalidRequestError(
    `The turn '${turnId}' has no step '${from}'. ${choice} Steps are ${FORK_STEPS}.`,
    'from',
  )
}
