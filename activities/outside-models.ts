import type { Agent } from '../agent/agent.ts'
import { askingVendor } from '../agent/asking-vendor.ts'
import type { ModelCalls } from '../agent/context.ts'
import type { VendorPorts } from './call-vendor.ts'
import { modelCalls } from './model-calls.ts'

/** A call that takes longer is given up: nobody's deadline ends it. */
const LIMIT_MS = 300_000

/** Calls of an agent that belong to no turn. */
export interface OutsideModels extends ModelCalls {
  asking(vendor: string): ModelCalls
}

/**
 * What services, routes and tasks of plugins ask of models: in no turn and no room, so nothing fences it
 * and nothing of it is paid only once; the ledger has a row of each.
 *
 * @param agent as it is at each call
 * @param signal aborts all of them, with its reason
 */
export function outsideModels(
  ports: VendorPorts,
  agent: () => Agent,
  signal: AbortSignal,
): OutsideModels {
  const placeOf = (asked: Agent) => () => ({
    ...{ attempt: null, call: 1, step: 'plugin', agent: asked, subject: {} },
    signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
    deadlineAt: Date.now() + LIMIT_MS,
  })
  return {
    ...modelCalls(ports, () => placeOf(agent())()),
    asking: (vendor) => modelCalls(ports, () => placeOf(askingVendor(agent(), vendor))()),
  }
}
