/** A `worker` as bin/commands/worker.ts runs it, with failpoints. Only the crash tests start it. */
import { setTimeout as delay } from 'node:timers/promises'
import { createAgentWorker } from '../../workers/agent-worker.ts'
import { openCrashProcess } from './crash-process.ts'

const { assembly, loaded, failpoints, bundle, ended } = await openCrashProcess('worker')
const { config } = loaded
assembly.sweep({ intervalMs: config.sweepIntervalMs, graceMs: config.graceMs })
const { connection, namespace } = await assembly.temporal.connection()
const worker = await createAgentWorker(assembly.ports, {
  ...{ connection, namespace, taskQueue: config.taskQueue },
  heartbeatThrottleMs: config.heartbeatThrottleMs,
  drainMs: config.drainMs,
  workflowBundle: { code: bundle },
})
const running = worker.run()
failpoints.idle = async () => {
  // Tasks that were on their way to a sleeping process come within this time.
  for (let since = Date.now(); Date.now() - since < 500; await delay(20)) {
    const { numInFlightActivities, numInFlightLocalActivities } = worker.getStatus()
    if (numInFlightActivities + numInFlightLocalActivities > 0) since = Date.now()
  }
}
failpoints.ready('')
await Promise.race([ended, running])
if (worker.getState() === 'RUNNING') worker.shutdown()
await running
await assembly.close()
process.exit(0)
