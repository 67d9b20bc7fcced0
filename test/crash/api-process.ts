/** An `api` as bin/commands/api.ts runs it, with failpoints. Only the crash tests start it. */
import { startApi } from '../../bin/roles.ts'
import { openCrashProcess } from './crash-process.ts'

const { assembly, loaded, failpoints, ended } = await openCrashProcess('api')
const closing = new AbortController()
const server = await startApi(assembly, {
  loaded,
  uiUrl: undefined,
  environment: 'production',
  closing: closing.signal,
})
const { config } = loaded
assembly.sweep({ intervalMs: config.sweepIntervalMs, graceMs: config.graceMs })
failpoints.ready(server.url)
await ended
closing.abort()
await server.close(config.drainMs)
await assembly.close()
process.exit(0)
