import type { WorkContext } from '../agent/context.ts'
import type { Content, NewMemory, NewRelationship } from '../agent/memory.ts'
import type { Ports, StepAttempt, StepWrites } from '../agent/ports.ts'
import { storableJson } from '../schema/text.ts'
import { callModel } from './call-model.ts'
import { type ContextPorts, type OpenTurn, turnContext } from './turn-context.ts'

export type WorkPorts = ContextPorts & Pick<Ports, 'models' | 'ledger'>

export interface Work {
  readonly context: WorkContext
  /** What the member said and wrote so far; it commits with the step. */
  readonly writes: StepWrites
}

/** A context whose writes are buffered until the step commits. */
export function workContext(
  ports: WorkPorts,
  opened: OpenTurn,
  { attempt, step, signal }: { attempt: StepAttempt; step: string; signal: AbortSignal },
): Work {
  const messages: Content[] = []
  const memories: NewMemory[] = []
  const relationships: NewRelationship[] = []
  let call = 0
  const context: WorkContext = {
    ...turnContext(opened, ports, signal),
    say: (content) => messages.push(storableJson(content)),
    remember: (memory) => memories.push(storableJson(memory)),
    relate: (relationship) => relationships.push(storableJson(relationship)),
    generate: async (purpose, params) => {
      call += 1
      const { agent, turn } = opened
      const { deadlineAt } = turn
      const request = { attempt, step, call, agent, purpose, params, signal, deadlineAt }
      return (await callModel(ports, request)).text
    },
  }
  return { context, writes: { messages, memories, relationships } }
}
