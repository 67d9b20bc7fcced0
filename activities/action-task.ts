import type { Action } from '../agent/action.ts'
import type { ApprovalRequest, FoundApproval } from '../agent/approvals.ts'
import { composeState } from '../agent/compose-state.ts'
import { UnavailableError } from '../agent/errors.ts'
import type { Ports } from '../agent/ports.ts'
import type { TurnProgress } from '../agent/progress.ts'
import { fixedText } from '../agent/prompts/fixed-text.ts'
import type { State } from '../agent/provider.ts'
import { wordsOf } from '../agent/words-of.ts'
import { approvalIdOf } from '../schema/ids.ts'
import type { JsonObject } from '../schema/json.ts'
import { storableJson, storableText } from '../schema/text.ts'
import type { TurnInput } from '../schema/turn.ts'
import type { VendorPorts } from './call-vendor.ts'
import { outsideModels } from './outside-models.ts'
import type { OpenTurn } from './turn-context.ts'
import type { Work } from './work-context.ts'

/** Journal keys: of the action, and of what must be asked before it. */
export const runStep = (ordinal: number): string => `runAction:${ordinal}`
export const approvalStep = (ordinal: number): string => `approval:${ordinal}`

/** One action of a decision, about to be carried out. */
export interface ActionTask {
  readonly input: TurnInput
  readonly ordinal: number
  readonly step: string
  readonly name: string
  readonly opened: OpenTurn
  /** The decision that it belongs to, and the actions before it. */
  readonly progress: TurnProgress
  /** Undefined when no plugin offers it any more. */
  readonly action: Action | undefined
  readonly work: Work
  /** Generation in which the model chose it. */
  readonly decidedGen: number
  readonly parameters: JsonObject
}

export type Plan =
  /** With what was approved, if it was asked about. */
  | { readonly kind: 'run'; readonly parameters?: JsonObject }
  | { readonly kind: 'ask'; readonly request: ApprovalRequest }
  /** `text` is what the person is told. */
  | { readonly kind: 'refuse'; readonly result: JsonObject; readonly text?: string }

/** What to do with an action that nobody has begun. Changes nothing. */
export async function planOf(
  ports: Pick<Ports, 'approvals'> & VendorPorts,
  claimless: ActionTask,
): Promise<Plan> {
  const task = askingOutside(ports, claimless)
  const { action, work } = task
  if (!action) return { kind: 'run' }
  try {
    const found = action.requiresApproval ? await ports.approvals.find(idOf(task)) : undefined
    if (found?.state === 'denied' || found?.state === 'expired') return refused(task, found)
    if (action.validate && !(await action.validate(work.context, await stateOf(task)))) {
      return { kind: 'refuse', result: failed('The action no longer validates.') }
    }
    if (found?.state === 'approved') return { kind: 'run', parameters: found.parameters }
    return (await needsApproval(task, action)) ? asked(task, action) : { kind: 'run' }
  } catch (error) {
    if (work.context.signal.aborted || error instanceof UnavailableError) throw error
    const reason = wordsOf(error)
    return { kind: 'refuse', result: failed(reason) }
  }
}

/** Nobody has claimed the step yet, so its ledger takes no calls: what `validate` asks belongs to no step. */
function askingOutside(ports: VendorPorts, task: ActionTask): ActionTask {
  const { agent } = task.opened
  const { context } = task.work
  const calls = outsideModels(ports, () => agent, context.signal)
  return { ...task, work: { ...task.work, context: { ...context, ...calls } } }
}

/** What handlers and `validate` are given: also the values that earlier actions of the turn gave. */
export async function stateOf({ work }: ActionTask): Promise<State> {
  const only = ['RECENT_MESSAGES', 'ACTIONS', 'ACTION_STATE']
  const { state } = await composeState(work.context, { only })
  const { progress } = work.context
  const given = progress?.results.flatMap(({ values }) => Object.entries(values ?? {})) ?? []
  return { ...state, values: { ...state.values, ...Object.fromEntries(given) } }
}

const idOf = ({ input: { turnId }, decidedGen, step }: ActionTask) =>
  approvalIdOf({ turnId, gen: decidedGen, step })

const failed = (error: string): JsonObject => ({ success: false, error })

async function needsApproval({ parameters }: ActionTask, action: Action): Promise<boolean> {
  if (typeof action.requiresApproval !== 'function') return action.requiresApproval === true
  // Plugins are not held to their types: whatever is not plainly false is a yes.
  return (await action.requiresApproval(parameters)) !== false
}

function asked({ opened, name, parameters }: ActionTask, action: Action): Plan {
  const own = action.approvalQuestion?.(parameters).trim()
  const given = Object.keys(parameters).length > 0 ? JSON.stringify(parameters) : ''
  const values = { action: name, parameters: given }
  const question = own || fixedText(opened.agent, 'approvalQuestionTemplate', values)
  const { approvableBy = 'admin' } = action
  const request = { action: name, parameters, approvableBy, question: storableText(question) }
  return { kind: 'ask', request: storableJson(request) }
}

function refused(
  { opened, name }: ActionTask,
  { state, comment, answeredBy }: FoundApproval,
): Plan {
  const isDenied = state === 'denied'
  const template = isDenied ? 'approvalDeniedTemplate' : 'approvalExpiredTemplate'
  const text = fixedText(opened.agent, template, { action: name, comment: comment ?? '' })
  const error = isDenied
    ? `The approval was denied${comment ? `: ${comment}` : '.'}`
    : 'Nobody approved the action in time.'
  return { kind: 'refuse', text, result: { ...failed(error), denied: true, state, answeredBy } }
}
