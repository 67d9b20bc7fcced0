import { type ActionOutcome, MAX_WORKING_MEMORY, type TurnProgress } from '../../progress.ts'
import type { Provider } from '../../provider.ts'
import { list, section } from './sections.ts'

/** Of one result: a web page must not crowd out the conversation. */
const MAX_RESULT = 2_000
/** Of all of them; the newest stay. */
const MAX_RESULTS = 16_000

/**
 * What the actions of this turn have come to: the plan, their results, and ElizaOS's working memory. Results
 * of earlier turns are not in it: what they said is in the conversation, and the rest in the trace.
 */
export const actionStateProvider: Provider = {
  name: 'ACTION_STATE',
  description: 'The plan of this turn and the results of its actions so far.',
  position: 150,
  builtIn: true,
  async get({ progress }) {
    const results = progress?.results.slice(-MAX_WORKING_MEMORY) ?? []
    const values = {
      hasActionResults: results.length > 0,
      hasActionPlan: progress !== undefined && progress.plan.totalSteps > 0,
      actionResults: section('Results of the actions so far', newest(results.map(lineOf))),
      currentActionStep: progress?.plan.currentStep ?? 0,
      totalActionSteps: progress?.plan.totalSteps ?? 0,
      completedActions: results.filter(({ success }) => success).length,
    }
    if (!progress) return { text: '', values, data: {} }
    const { plan, notes } = progress
    const text = [
      planOf(progress),
      values.actionResults,
      section('Notes', list([...new Set(notes)])),
    ]
    const workingMemory = Object.fromEntries(
      results.map((result, index) => [
        `${result.action}_${index}`,
        { actionName: result.action, result },
      ]),
    )
    return {
      text: text.filter((part) => part !== '').join('\n\n'),
      values,
      data: { actionPlan: plan, actionResults: results, workingMemory },
    }
  },
}

/** Of a chain: one action needs no plan. */
function planOf({ plan: { steps, thought } }: TurnProgress): string {
  if (steps.length < 2) return ''
  const lines = steps.map(({ action, status }, index) => `${index + 1}. ${action}: ${status}`)
  return section(
    'Plan',
    [thought.slice(0, MAX_RESULT), ...lines].filter((line) => line !== '').join('\n'),
  )
}

function lineOf({ action, success, text, error, data, values }: ActionOutcome): string {
  const details = { ...values, ...data }
  const said = [text, error, Object.keys(details).length > 0 ? JSON.stringify(details) : '']
  const words = said.filter((part) => part !== undefined && part !== '').join(' ')
  return `${action} ${success ? 'succeeded' : 'failed'}: ${words.replace(/\s+/g, ' ').slice(0, MAX_RESULT)}`
}

/** As many of the newest as fit, in their order. */
function newest(lines: readonly string[]): string {
  let left = MAX_RESULTS
  const first = lines.findLastIndex((line) => {
    left -= line.length
    return left < 0
  })
  return list(lines.slice(first + 1))
}
