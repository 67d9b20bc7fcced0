import { type Action, effectIn } from '../agent/action.ts'
import type { Ports } from '../agent/ports.ts'
import { fixedText } from '../agent/prompts/fixed-text.ts'
import { wordsOf } from '../agent/words-of.ts'
import type { JsonObject } from '../schema/json.ts'
import { storableJson } from '../schema/text.ts'
import type { ActionVerdict, TurnInput } from '../schema/turn.ts'
import {
  type ActionTask,
  approvalStep,
  type Plan,
  planOf,
  runStep,
  stateOf,
} from './action-task.ts'
import { currentAttempt, withHeartbeats } from './attempt.ts'
import { deliverElsewhere } from './deliver-elsewhere.ts'
import { outcomesBefore, progressOf } from './progress.ts'
import { storedOrRefused } from './refused-records.ts'
import { decisionBehind } from './rounds.ts'
import { openTurn } from './turn-context.ts'
import { type WorkPorts, workContext } from './work-context.ts'

/** Which of the decisions' actions, counted over all rounds of the turn, and its name. */
export interface ActionStep {
  readonly ordinal: number
  readonly action: string
}

type ActionPorts = WorkPorts &
  Pick<
    Ports,
    'turns' | 'agents' | 'journal' | 'connectors' | 'turnEvents' | 'startDelivery' | 'log'
  >

/**
 * Runs one action: validate, ask for approval if it needs one, then the handler; its messages, writes and
 * result commit together. Run again, it returns the journaled result. A `once` action that was cut off
 * in this generation or an older one may have happened: it is journaled as unknown and not repeated.
 *
 * Only the handler is claimed: what dies before it has done nothing, and is simply repeated.
 */
export const createRunAction = (ports: ActionPorts) =>
  async function runAction(
    input: TurnInput,
    { ordinal, action: name }: ActionStep,
  ): Promise<ActionVerdict> {
    const attempt = currentAttempt(input)
    const step = runStep(ordinal)
    const standing = await ports.journal.standing(input, step)
    if (standing === 'done') return 'done'
    return withHeartbeats(async (signal) => {
      const task = await openTask(ports, input, { ordinal, name, signal })
      const plan: Plan = standing === 'begun' ? { kind: 'run' } : await planOf(ports, task)
      if (plan.kind === 'ask') {
        await ports.journal.once(attempt, approvalStep(ordinal), { ...plan.request })
        return 'needs_approval'
      }
      const claim = await ports.journal.claim(attempt, { step, beforeSettle: true })
      if (claim.kind === 'done') return 'done'
      const { turn, agent } = task.opened
      const isUnknown = claim.isTakeover && effectIn(agent, task.action) === 'once'
      ports.turnEvents?.emit(turn, 'ACTION_STARTED', { actionName: name, ordinal })
      const result = isUnknown ? interrupted(ports, task) : await carriedOut(ports, task, plan)
      const outboxSource = sourceOf(ports, task)
      const commit = { ...task.work.writes, turn, outboxSource, unknownEffect: isUnknown }
      const { kept, success } = await storedOrRefused(
        ports,
        { commit, step },
        async (kept, refused) => {
          const end = refused ? notStored(refused) : result
          await ports.journal.finish(attempt, step, storableJson({ action: name, ...end }), kept)
          return { kept, success: end.success }
        },
      )
      ports.turnEvents?.emit(turn, 'ACTION_COMPLETED', { actionName: name, ordinal, success })
      await deliverElsewhere(ports, turn, kept)
      return 'done'
    })
  }

async function openTask(
  ports: ActionPorts,
  input: TurnInput,
  { ordinal, name, signal }: { ordinal: number; name: string; signal: AbortSignal },
): Promise<ActionTask> {
  const attempt = currentAttempt(input)
  const step = runStep(ordinal)
  const { decision, round, index } = await decisionBehind(ports.journal, input, ordinal)
  const results = await outcomesBefore(ports.journal, input, ordinal)
  const progress = progressOf(decision, results, ordinal - index)
  const opened = { ...(await openTurn(ports, input, step, round)), progress }
  const action = opened.agent.actions.find((candidate) => candidate.name === name)
  const work = workContext(ports, opened, { attempt, step, signal })
  const decidedGen = typeof decision.gen === 'number' ? decision.gen : input.gen
  const parameters = parametersOf(decision, name)
  return { input, ordinal, step, name, opened, progress, action, work, decidedGen, parameters }
}

function parametersOf({ parameters }: JsonObject, name: string): JsonObject {
  const byName = parameters as JsonObject | undefined // journaled by `decide`
  return (byName?.[name] as JsonObject | undefined) ?? {}
}

/** For whoever reads the trace, for the actions behind it, for the person, and so for the next prompt. */
function interrupted({ log }: ActionPorts, { input, name, opened, work }: ActionTask): JsonObject {
  log.warn(input, `The action '${name}' was cut off and may have happened. It is not repeated.`)
  const text = fixedText(opened.agent, 'unknownEffectTemplate', { action: name })
  work.context.say({ text, actions: [name], unknown: true })
  return { success: false, unknown: true, error: OUTCOME_UNKNOWN }
}

/** What it said stands: it may have happened outside. */
const notStored = ({ message }: Error): JsonObject => ({
  success: false,
  error: `The action ran, but what it wrote is not stored: ${message}`,
})

const OUTCOME_UNKNOWN =
  'The action was interrupted and may have happened. It is not repeated, because its effect is `once`.'

async function carriedOut(ports: ActionPorts, task: ActionTask, plan: Plan): Promise<JsonObject> {
  const { action, name, work } = task
  if (!action) {
    return { success: false, error: `No loaded plugin offers the action '${name}' any more.` }
  }
  if (plan.kind === 'run') {
    const { parameters = task.parameters } = plan
    return handled(ports, { ...task, action, parameters })
  }
  if (plan.kind === 'ask') throw new Error('An action that must be asked about was carried out.')
  if (plan.text !== undefined) work.context.say({ text: plan.text, actions: [name], denied: true })
  return plan.result
}

/** A throwing handler fails its action, not the turn: the error is its result. */
async function handled(
  ports: ActionPorts,
  task: ActionTask & { readonly action: Action },
): Promise<JsonObject> {
  const { action, work, input, step, decidedGen, parameters, opened, progress } = task
  const { context } = work
  const { room, message } = opened.turn
  try {
    const result = await action.handler({
      ...context,
      state: await stateOf(task),
      parameters,
      key: `${input.turnId}:${decidedGen}:${step}`,
      previous: progress.results,
      plan: progress.plan,
      outboxSource: (source) => (ports.connectors.for(source) ? source : null),
      answerApproval: (answer) =>
        ports.approvals.answer(answer, { roomId: room.id, entityId: message.entityId }),
    })
    return { ...result }
  } catch (error) {
    if (context.signal.aborted) throw error
    return { success: false, error: wordsOf(error) }
  }
}

const sourceOf = ({ connectors }: ActionPorts, { opened: { turn } }: ActionTask) =>
  connectors.for(turn.room.source) ? turn.room.source : null
