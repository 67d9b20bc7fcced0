import type { Action, ActionContext } from '../../agent/action.ts'
import type { Evaluator } from '../../agent/evaluator.ts'
import type { Plugin } from '../../agent/plugin.ts'
import type { Failpoints } from './failpoints.ts'
import type { EffectCall } from './platform.ts'

/** The decision of every turn in the matrix: an answer, and both actions. */
export const ACTIONS = 'REPLY,CHARGE,BOOK'

/** One action that must not happen twice, one that may be repeated under its key, and an evaluator. */
export function crashPlugin(platformUrl: string, failpoints: Failpoints): Plugin {
  const act = async (kind: EffectCall['kind'], { key, turn }: ActionContext): Promise<void> => {
    await failpoints.at(`${kind} effect:before`)
    const body: EffectCall = { kind, key, turnId: turn.turnId }
    const answer = await fetch(`${platformUrl}/effects`, {
      method: 'POST',
      body: JSON.stringify(body),
    })
    await answer.text()
    await failpoints.at(`${kind} effect:after`)
  }
  const charge: Action = {
    name: 'CHARGE',
    description: 'Takes money, which nobody gives back.',
    effect: 'once',
    handler: async (context) => {
      await act('once', context)
      return { success: true }
    },
  }
  const book: Action = {
    name: 'BOOK',
    description: 'Books a table under a key, and says so.',
    effect: 'idempotent',
    handler: async (context) => {
      await act('idempotent', context)
      context.say({ text: `Booked. ${context.message.content.text}` })
      context.remember({
        type: 'facts',
        entityId: context.message.entityId,
        content: { text: 'A table was booked.' },
      })
      return { success: true }
    },
  }
  return {
    name: 'crash',
    description: 'Actions with effects that can be counted.',
    actions: [charge, book],
    evaluators: [remember],
  }
}

/** Asks the model and remembers its answer. The prompt names the turn, for the bill. */
const remember: Evaluator = {
  name: 'REMEMBER',
  description: 'Remembers every turn.',
  alwaysRun: true,
  handler: async (context) => {
    const text = await context.generate('TEXT_SMALL', {
      prompt: `Evaluate <turn>${context.turn.turnId}</turn>`,
    })
    context.remember({
      type: 'facts',
      entityId: context.message.entityId,
      content: { text },
    })
  },
}
