import type { ActionResult } from './action.ts'

/** One action of the turn that has run. */
export interface ActionOutcome extends ActionResult {
  readonly action: string
}

/** ElizaOS's action plan: the actions of one decision, in their order. */
export interface ActionPlan {
  readonly totalSteps: number
  /** From 1; of a decision whose actions have all run, the last one. */
  readonly currentStep: number
  readonly steps: readonly PlannedStep[]
  readonly thought: string
  /**
   * What the decision says besides: nothing, what it has chosen already, or what is chosen when the
   * results are there.
   */
  readonly words: 'none' | 'decided' | 'later'
}

export interface PlannedStep {
  readonly action: string
  readonly status: 'pending' | 'completed' | 'failed'
  readonly result?: ActionResult
  readonly error?: string
}

/** What a turn has done before the step that asks. */
export interface TurnProgress {
  /** Of the decision whose actions run now, or ran last. */
  readonly plan: ActionPlan
  /** Over all rounds, oldest first. */
  readonly results: readonly ActionOutcome[]
  /** What else its model should know: a name that nothing has, for example. */
  readonly notes: readonly string[]
}

/** Of ElizaOS's working memory: more results than that are not kept in mind. */
export const MAX_WORKING_MEMORY = 50

/** How far a decision's actions have come. Those that were not run yet are `pending`. */
export function planOfActions(
  actions: readonly string[],
  results: readonly ActionOutcome[],
  { thought, words }: Pick<ActionPlan, 'thought' | 'words'>,
): ActionPlan {
  const steps = actions.map((action, index): PlannedStep => {
    const result = results[index]
    if (!result) return { action, status: 'pending' }
    const status = result.success ? 'completed' : 'failed'
    return {
      action,
      status,
      result,
      ...(result.error === undefined ? {} : { error: result.error }),
    }
  })
  const currentStep = Math.min(results.length + 1, actions.length)
  return { totalSteps: actions.length, currentStep, steps, thought, words }
}
