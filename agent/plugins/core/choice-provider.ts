import type { PendingApproval } from '../../approvals.ts'
import type { Provider } from '../../provider.ts'
import { list, section } from './sections.ts'
import { ABORT, type WaitingTask, waitingTasks } from './waiting-tasks.ts'

/** As many characters of an id as a person or a model will copy. */
export const SHORT_ID = 8

const MAX_PARAMETERS = 300

/** What waits in the room for an answer of the author. Nothing in a room without such a question. */
export const choiceProvider: Provider = {
  name: 'CHOICE',
  description: 'Questions that wait for the answer of whoever wrote the message.',
  position: 20,
  builtIn: true,
  async get(context) {
    const [pending, tasks] = await Promise.all([context.approvals(), waitingTasks(context)])
    const choices = list([...pending.map(lineOf), ...tasks.map(lineOfTask)])
    return {
      text: section('Questions that wait for an answer of the author of the message', choices),
      values: { choices },
      data: { choices: pending, tasks: tasks.map(({ task }) => task) },
    }
  },
}

/** One line each, whatever the question says. */
export function lineOf({ id, action, parameters, question }: PendingApproval): string {
  const given = JSON.stringify(parameters).slice(0, MAX_PARAMETERS)
  const asked = question.replace(/\s+/g, ' ').trim()
  return `${id.slice(0, SHORT_ID)}: ${asked} (action ${action}, parameters ${given}; options approve, deny)`
}

export function lineOfTask({ task, options }: WaitingTask): string {
  const asked = (task.description || task.name).replace(/\s+/g, ' ').trim()
  const described = options.map(({ name, description }) =>
    description === '' ? name : `${name} (${description.replace(/\s+/g, ' ').trim()})`,
  )
  return `${task.id.slice(0, SHORT_ID)}: ${asked} (task ${task.name}; options ${[...described, ABORT].join(', ')})`
}
