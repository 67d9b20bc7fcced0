import type { Content } from '../../agent/memory.ts'
import type { StateMembers } from '../runtime.ts'
import { outsideScope } from '../scope.ts'
import type { Access } from './access.ts'
import { workFor } from './contexts.ts'

/** One that fails is noted by name; the others run. */
export function evaluateOf(access: Access): StateMembers['evaluate'] {
  return async (message, _state, didRespond = false, callback) => {
    const work = await workFor(access, message)
    const ran: { name: string; description: string; similes: string[] }[] = []
    for (const evaluator of work.context.agent.evaluators) {
      if (!didRespond && !evaluator.alwaysRun) continue
      const { name, description, similes = [] } = evaluator
      const said: Content[] = []
      // Ours do not run under what the plugin that asks may do.
      const within = evaluator.isForeign ? inPlace : outsideScope
      try {
        const applies = await within(async () => evaluator.validate?.(work.context) ?? true)
        if (!applies) continue
        const say = (content: Content) => void said.push(content)
        await within(() => evaluator.handler({ ...work.context, say }))
        ran.push({ name, description, similes: [...similes] })
      } catch (error) {
        access.host.noteFault(undefined, `evaluator ${name}`, error)
      }
      for (const content of said) await callback?.({ ...structuredClone(content) })
    }
    await work.flush()
    return ran
  }
}

const inPlace = <T>(work: () => T): T => work()
