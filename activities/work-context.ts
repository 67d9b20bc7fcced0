import type { WorkContext } from '../agent/context.ts'
import type { Content, NewMemory, NewRelationship } from '../agent/memory.ts'
import type { StepAttempt, StepWrites } from '../agent/ports.ts'
import { storableJson } from '../schema/text.ts'
import { callModel } from './call-model.ts'
import { placeOf, type VendorPorts } from './call-vendor.ts'
import { type ContextPorts, type OpenTurn, turnContext } from './turn-context.ts'
import { workModels } from './work-models.ts'

export type WorkPorts = ContextPorts & VendorPorts

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
  let calls = 0
  const next = () => {
    calls += 1
    return {
      ...{ attempt, step, call: calls, signal },
      agent: opened.agent,
      ...placeOf(opened.turn),
    }
  }
  const context: WorkContext = {
    ...turnContext(opened, ports, signal),
    say: (content) => messages.push(storableJson(content)),
    remember: (memory) => memories.push(storableJson(memory)),
    relate: (relationship) => relationships.push(storableJson(relationship)),
    generate: async (purpose, params) =>
      (await callModel(ports, { ...next(), purpose, params })).text,
    models: workModels(ports, next),
  }
  return { context, writes: { messages, memories, relationships } }
}
