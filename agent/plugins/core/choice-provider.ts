import type { PendingApproval } from '../../approvals.ts'
import type { Provider } from '../../provider.ts'
import { list, section } from './sections.ts'

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
    const pending = await context.approvals()
    const choices = list(pending.map(lineOf))
    return {
      text: section('Questions that wait for an answer of the author of the message', choices),
      values: { choices },
      data: { choices: pending },
    }
  },
}

/** One line each, whatever the question says. */
export function lineOf({ id, action, parameters, question }: PendingApproval): string {
  const given = JSON.stringify(parameters).slice(0, MAX_PARAMETERS)
  const asked = question.replace(/\s+/g, ' ').trim()
  return `${id.slice(0, SHORT_ID)}: ${asked} (action ${action}, parameters ${given}; options approve, deny)`
}
