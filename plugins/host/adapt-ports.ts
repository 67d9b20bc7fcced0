import type { Runtime } from '../runtime.ts'
import type { HostLog } from '../runtime-host.ts'
import type { Isolation } from './isolate.ts'
import type { HostLimits } from './limits.ts'
import type { Redact } from './reason.ts'

/** What adapted members of one agent stand on. */
export interface AdaptPorts {
  readonly agentId: string
  runtime(): Runtime
  readonly isolation: Isolation
  readonly limits: Pick<HostLimits, 'callbacks'>
  readonly log: HostLog
  readonly redact: Redact
}
