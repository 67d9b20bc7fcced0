import type { Action, ActionContext } from '../../agent/action.ts'
import type { Evaluator } from '../../agent/evaluator.ts'
import type { Plugin } from '../../agent/plugin.ts'
import type { EffectCall } from '../crash/platform.ts'

/** Actions of each effect, one of which needs approval, and an evaluator that asks the model. */
export function fuzzPlugin(platformUrl: string): Plugin {
  const act = async (kind: EffectCall['kind'], { key, turn, signal }: ActionContext) => {
    const call: EffectCall = { kind, key, turnId: turn.turnId }
    const body = JSON.stringify(call)
    const answer = await fetch(`${platformUrl}/effects`, { method: 'POST', body, signal })
    await answer.text()
    return { success: true }
  }
  const charge: Action = {
    name: 'CHARGE',
    description: 'Takes money, which nobody gives back.',
    effect: 'once',
    handler: (context) => act('once', context),
  }
  const book: Action = {
    name: 'BOOK',
    description: 'Books a table under a key, and says so.',
    effect: 'idempotent',
    handler: async (context) => {
      const result = await act('idempotent', context)
      context.say({ text: 'A table is booked.' })
      const content = { text: 'A table was booked.' }
      context.remember({ type: 'facts', entityId: context.message.entityId, content })
      return result
    },
  }
  const order: Action = {
    name: 'ORDER',
    description: 'Orders for somebody, if somebody agrees.',
    effect: 'once',
    requiresApproval: true,
    approvableBy: 'anyone',
    handler: async (context) => {
      const result = await act('once', context)
      context.say({ text: 'It is ordered.' })
      return result
    },
  }
  return {
    name: 'fuzz',
    description: 'Actions with effects that can be counted.',
    actions: [charge, book, order],
    evaluators: [remember],
  }
}

/** The prompt names the turn, for the bill. */
const remember: Evaluator = {
  name: 'REMEMBER',
  description: 'Remembers turns.',
  alwaysRun: true,
  intervalTurns: 3,
  handler: async (context) => {
    const prompt = `Evaluate <turn>${context.turn.turnId}</turn>`
    const text = await context.generate('TEXT_SMALL', { prompt })
    context.remember({ type: 'facts', entityId: context.message.entityId, content: { text } })
  },
}
