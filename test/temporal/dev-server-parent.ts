/** A process that starts a dev server, says where it is, and exits in order when it is told to. */
import { once } from 'node:events'
import { startDevServer } from '../../temporal/dev-server.ts'

const [binary = '', dataDir = ''] = process.argv.slice(2)
const server = await startDevServer({ binary, dataDir, port: 0, uiPort: 0, onLog: () => {} })
process.stdout.write(`${JSON.stringify({ pid: server.pid, address: server.address })}\n`)
await once(process.stdin, 'data')
process.exit(0)
