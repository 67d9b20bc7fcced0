import { APPROVAL_OPTIONS, type ApprovalOption } from '../../../schema/approval.ts'
import type { JsonObject } from '../../../schema/json.ts'
import type { Action, ActionContext, ActionResult } from '../../action.ts'
import type { PendingApproval } from '../../approvals.ts'
import { comparable } from '../../prompts/names-in-answer.ts'
import { parametersFor } from './asked-parameters.ts'
import { lineOf, lineOfTask, SHORT_ID } from './choice-provider.ts'
import { list } from './sections.ts'
import { done, refused } from './told.ts'
import { ABORT, type WaitingTask, waitingTasks } from './waiting-tasks.ts'

/**
 * Answers a question that waits in the room, in the author's name: an approval, or a task of a plugin. Offered
 * only while there is one that the author may answer, so nobody can talk the model into an answer that is
 * not theirs to give.
 */
export const chooseOptionAction: Action = {
  name: 'CHOOSE_OPTION',
  similes: ['SELECT_OPTION', 'SELECT', 'PICK', 'CHOOSE'],
  description:
    'Answers a waiting question when the message clearly chooses one of its options, such as yes or no. Not for a message that only talks about it.',
  parameters: [
    { name: 'question', description: 'the first eight characters of the question, as listed' },
    { name: 'option', description: 'one of its options, such as approve or deny', required: true },
  ],
  // The same answer twice is one answer; what a plugin's worker did to the world cannot be told.
  effect: ({ runTask }) => (runTask ? 'once' : 'none'),
  validate: async (context) =>
    (await context.approvals()).length > 0 || (await waitingTasks(context)).length > 0,
  handler: choose,
}

type Choice =
  | {
      readonly kind: 'approval'
      readonly approval: PendingApproval
      readonly option: ApprovalOption
    }
  | { readonly kind: 'task'; readonly waiting: WaitingTask; readonly option: string }

interface Waiting {
  readonly approvals: readonly PendingApproval[]
  readonly tasks: readonly WaitingTask[]
}

async function choose(context: ActionContext): Promise<ActionResult> {
  const [approvals, tasks] = await Promise.all([context.approvals(), waitingTasks(context)])
  const waiting = { approvals, tasks }
  const choice =
    choiceIn(context.parameters, waiting) ?? choiceIn(await askModel(context, waiting), waiting)
  if (!choice)
    return { success: false, error: 'It is not clear which question is answered, or how.' }
  return choice.kind === 'approval' ? answer(context, choice) : carryOut(context, choice)
}

async function answer(
  context: ActionContext,
  { approval, option }: Extract<Choice, { kind: 'approval' }>,
): Promise<ActionResult> {
  const answered = await context.answerApproval({ id: approval.id, decision: option })
  if (!answered) return { success: false, error: 'The question does not stand any more.' }
  const data = { approval: approval.id, state: answered.state }
  if (answered.isOurs) return { success: true, data, text: `${approval.action}: ${answered.state}` }
  return { success: false, data, error: `It was answered before: ${answered.state}.` }
}

/** The plugin's worker is given `{option}`, as in ElizaOS; an aborted task is deleted. */
async function carryOut(
  context: ActionContext,
  { waiting: { task }, option }: Extract<Choice, { kind: 'task' }>,
): Promise<ActionResult> {
  const data = { task: task.id, name: task.name, option }
  const told = { action: 'CHOOSE_OPTION', data }
  if (option === ABORT) {
    context.write({ kind: 'task.delete', id: task.id })
    return done(context, { ...told, text: `${task.name} was called off.` })
  }
  if (!context.agent.runTask) return refused(context, 'CHOOSE_OPTION', 'Nobody can carry that out.')
  await context.agent.runTask(context, task, { option })
  return done(context, { ...told, text: `${task.name}: ${option}.` })
}

/** Undefined unless both are plain: a wrong guess would do something that nobody wanted. */
function choiceIn(given: JsonObject, { approvals, tasks }: Waiting): Choice | undefined {
  const written = given.option ?? given.decision ?? given.selected_option
  const wanted = given.question ?? given.id ?? given.approval ?? given.task
  const choices = [
    ...approvals.map((approval) => ({ id: approval.id, choose: answerTo(approval, written) })),
    ...tasks.map((waiting) => ({ id: waiting.task.id, choose: optionOf(waiting, written) })),
  ]
  const found = typeof wanted === 'string' ? named(wanted, choices) : only(choices)
  return found?.choose
}

const only = <T>(items: readonly T[]): T | undefined => (items.length === 1 ? items[0] : undefined)

function named<T extends { readonly id: string }>(written: string, choices: readonly T[]) {
  const start = written.trim().toLowerCase()
  if (start.length < SHORT_ID) return undefined
  return only(choices.filter(({ id }) => id.startsWith(start)))
}

function answerTo(approval: PendingApproval, written: unknown): Choice | undefined {
  const wanted = String(written).trim().toLowerCase()
  const option = APPROVAL_OPTIONS.find((one) => one === wanted)
  return option && { kind: 'approval', approval, option }
}

function optionOf(waiting: WaitingTask, written: unknown): Choice | undefined {
  const wanted = comparable(String(written).trim())
  const names = [...waiting.options.map(({ name }) => name), ABORT]
  const option = names.find((name) => comparable(name) === wanted)
  return option === undefined ? undefined : { kind: 'task', waiting, option }
}

function askModel(context: ActionContext, { approvals, tasks }: Waiting): Promise<JsonObject> {
  const asked = { action: chooseOptionAction, template: 'chooseOptionTemplate' } as const
  const choices = list([...approvals.map(lineOf), ...tasks.map(lineOfTask)])
  return parametersFor({ ...context, parameters: {} }, { ...asked, choices })
}
