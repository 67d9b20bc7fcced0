import type { ElizaPlugin } from '../../../plugins/contract.ts'
import { guardProcess } from '../../../plugins/host/guard-process.ts'
import { actionOf, faultOf, hostBench, hosted, stepOf } from './host-bench.ts'

/** Run as a process of its own: what it prints is looked at, and how it ends. */
const stray: ElizaPlugin = {
  name: 'stray',
  actions: [
    {
      name: 'LOSE',
      handler: () => {
        void Promise.reject(new Error('nobody awaits me'))
        setTimeout(() => {
          throw new Error('thrown by a timer')
        }, 5)
      },
    },
  ],
}

const bench = hostBench([stray])
guardProcess((one) => bench.host.noteStray(one))
// A second house of the same process.
if (process.argv.includes('--two')) guardProcess(() => undefined)
const agent = hosted(['stray'])
await bench.host.open(agent)
const { context } = stepOf(bench, agent.id)
await actionOf(bench, agent.id, 'LOSE').handler(context)
await new Promise((resolve) => setTimeout(resolve, 60))
const told = bench.lines.filter(({ level }) => level === 'error')
const { turnId } = context.turn
const isNamed = told.every(({ fields }) => 'turnId' in fields && fields.turnId === turnId)
const report = { told: told.map(({ message }) => message), isNamed, count: 0 }
report.count = faultOf(bench, agent.id, 'action LOSE')?.count ?? 0
process.stdout.write(`${JSON.stringify(report)}\n`)
if (process.argv.includes('--own')) void Promise.reject(new Error('of our own'))
setTimeout(() => process.stdout.write('still alive\n'), 60)
