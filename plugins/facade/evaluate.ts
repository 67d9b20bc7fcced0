import type { Content } from '../../agent/memory.ts'
import type { StateMembers } from '../runtime.ts'
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
      try {
        if (evaluator.validate && !(await evaluator.validate(work.context))) continue
        await evaluator.handler({ ...work.context, say: (content) => said.push(content) })
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
