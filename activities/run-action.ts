import type { Action, ActionResult } from '../agent/action.ts'
import { composeState } from '../agent/compose-state.ts'
import type { Ports } from '../agent/ports.ts'
import type { JsonObject } from '../schema/json.ts'
import { storableJson } from '../schema/text.ts'
import type { TurnInput } from '../schema/turn.ts'
import { currentAttempt, withHeartbeats } from './attempt.ts'
import { type OpenTurn, openTurn } from './turn-context.ts'
import { type Work, workContext } from './work-context.ts'

/** Which of the decision's actions, and its name. */
export interface ActionStep {
  readonly ordinal: number
  readonly action: string
}

const stepOf = (ordinal: number) => `runAction:${ordinal}`

type ActionPorts = Pick<
  Ports,
  'turns' | 'agents' | 'journal' | 'ledger' | 'models' | 'memories' | 'connectors' | 'log'
>

/**
 * Runs one action: validate, then the handler; its messages, writes and result commit together.
 * Run again, it returns the journaled result. A `once` action whose attempt was cut off may have
 * happened: it is journaled as unknown and not repeated.
 */
export const createRunAction = (ports: ActionPorts) =>
  async function runAction(input: TurnInput, { ordinal, action: name }: ActionStep): Promise<void> {
    const attempt = currentAttempt(input)
    const step = stepOf(ordinal)
    const claim = await ports.journal.claim(attempt, { step, beforeSettle: true })
    if (claim.kind === 'done') return
    await withHeartbeats(async (signal) => {
      const opened = await openTurn(ports, input, step)
      const action = opened.agent.actions.find((candidate) => candidate.name === name)
      if (!action || (claim.isTakeover && action.effect === 'once')) {
        const error = action
          ? OUTCOME_UNKNOWN
          : `No loaded plugin offers the action '${name}' any more.`
        return ports.journal.finish(attempt, step, { action: name, success: false, error })
      }
      const work = workContext(ports, opened, { attempt, step, signal })
      const previous = await resultsBefore(ports, input, ordinal)
      const key = `${input.turnId}:${input.gen}:${step}`
      const result = await handled(action, work, { key, previous })
      await ports.journal.finish(attempt, step, storableJson({ action: name, ...result }), {
        ...work.writes,
        turn: opened.turn,
        outboxSource: sourceOf(ports, opened),
      })
    })
  }

const OUTCOME_UNKNOWN =
  'The action was interrupted and may have happened. It is not repeated, because its effect is `once`.'

/** A throwing handler fails its action, not the turn: the error is its result. */
async function handled(
  action: Action,
  { context }: Work,
  given: { key: string; previous: readonly ActionResult[] },
): Promise<JsonObject> {
  try {
    const { state } = await composeState(context, { only: ['RECENT_MESSAGES', 'ACTIONS'] })
    if (action.validate && !(await action.validate(context, state))) {
      return { success: false, error: 'The action no longer validates.' }
    }
    return { ...(await action.handler({ ...context, ...given, state })) }
  } catch (error) {
    if (context.signal.aborted) throw error
    return { success: false, error: error instanceof Error ? error.message : String(error) }
  }
}

async function resultsBefore(ports: ActionPorts, turn: TurnInput, ordinal: number) {
  const results = await Promise.all(
    Array.from({ length: ordinal }, (_, before) => ports.journal.read(turn, stepOf(before))),
  )
  // Journaled by this file, so they have the shape of a result.
  return results.filter((result) => result !== undefined) as unknown as ActionResult[]
}

const sourceOf = ({ connectors }: ActionPorts, { turn }: OpenTurn) =>
  connectors.for(turn.room.source) ? turn.room.source : null
