import { askingVendor } from '../agent/asking-vendor.ts'
import type { WorkContext } from '../agent/context.ts'
import type { Content, NewMemory, NewRelationship } from '../agent/memory.ts'
import type { StepAttempt, StepWrites } from '../agent/ports.ts'
import type { RecordWrite } from '../agent/records.ts'
import { storableJson } from '../schema/text.ts'
import { placeOf, type VendorPorts } from './call-vendor.ts'
import { modelCalls } from './model-calls.ts'
import { type ContextPorts, type OpenTurn, turnContext } from './turn-context.ts'

export type WorkPorts = ContextPorts & VendorPorts

export interface Work {
  readonly context: WorkContext
  /** What the member said and wrote so far; it commits with the step. */
  readonly writes: StepWrites
}

export interface WorkStep {
  /** It holds the step's claim. */
  readonly attempt: StepAttempt
  readonly step: string
  readonly signal: AbortSignal
  /** Ordinal of its first model call: those who work side by side count in ranges of their own. @default 1 */
  readonly firstCall?: number
  /** Of those who work side by side in it. */
  readonly reads?: Map<string, Promise<unknown>>
}

/** A context whose writes are buffered until the step commits. */
export function workContext(
  ports: WorkPorts,
  opened: OpenTurn,
  { attempt, step, signal, firstCall = 1, reads = new Map() }: WorkStep,
): Work {
  const messages: Content[] = []
  const memories: NewMemory[] = []
  const relationships: NewRelationship[] = []
  const records: RecordWrite[] = []
  let calls = firstCall - 1
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
    ...{ step, reads },
    say: (content) => messages.push(storableJson(content)),
    remember: (memory) => memories.push(storableJson(memory)),
    relate: (relationship) => relationships.push(storableJson(relationship)),
    written: records,
    write: (write) => records.push(storableJson(write)),
    ...modelCalls(ports, next),
    asking: (vendor) =>
      modelCalls(ports, () => ({ ...next(), agent: askingVendor(opened.agent, vendor) })),
  }
  return { context, writes: { messages, memories, relationships, records } }
}
