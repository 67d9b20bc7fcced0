import { randomUUID } from 'node:crypto'
import type { RunMembers } from '../runtime.ts'
import { currentScope, type MemberScope } from '../scope.ts'
import type { Access } from './access.ts'

/**
 * A turn is a run, and its id the run's. Outside of turns a run belongs to the member that started it: two
 * at the same time do not take each other's id.
 */
export function runMembers({ agentId }: Access): RunMembers {
  const started = new WeakMap<MemberScope, string>()
  let ofNobody: string | undefined
  const mine = () => {
    const scope = currentScope()
    return scope?.agentId === agentId ? scope : undefined
  }
  const keep = (id: string): string => {
    const scope = mine()
    if (scope) started.set(scope, id)
    else ofNobody = id
    return id
  }
  const runId = (): string | undefined => {
    const scope = mine()
    return scope ? (scope.turn?.runId ?? started.get(scope)) : ofNobody
  }
  return {
    createRunId: () => randomUUID(),
    startRun: () => mine()?.turn?.runId ?? keep(randomUUID()),
    endRun() {
      const scope = mine()
      if (scope) started.delete(scope)
      else ofNobody = undefined
    },
    getCurrentRunId: () => runId() ?? keep(randomUUID()),
  }
}
