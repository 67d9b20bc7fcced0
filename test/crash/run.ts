/**
 * `npm run test:crash`: every point × every fault, with real processes.
 *
 *   --only <text>    points whose name contains it
 *   --fault <name>   one fault
 *   --share <n>      every eighth kill and every n-th other cell, from a place that is drawn and printed
 *   --houses <n>     how many cells at once (6)
 *   --write          writes docs/crash-matrix.md
 */
import { parseArgs } from 'node:util'
import { runMatrix } from './matrix.ts'
import { writePage } from './page.ts'
import { selectCells } from './select-cells.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    fault: { type: 'string' },
    share: { type: 'string', default: '1' },
    offset: { type: 'string' },
    houses: { type: 'string', default: '6' },
    write: { type: 'boolean', default: false },
  },
})

// An exit, so that everything that was started is ended.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(130))
}
const say = (line: string) => void process.stdout.write(`${line}\n`)
const share = Number(values.share)
const offset = Number(values.offset ?? Math.floor(Math.random() * share))
const { only, fault } = values
const cells = selectCells({ only, fault, share, offset })
if (share > 1)
  say(
    `${cells.length} cells: every eighth kill, of the rest every ${share}th (--offset ${offset}).`,
  )
const began = Date.now()
const { results, folder } = await runMatrix(cells, { houses: Number(values.houses), say })
const failed = results.filter(({ violations }) => violations.length > 0).length
if (values.write) await writePage(results, Date.now() - began)
if (folder !== undefined) say(`\nWhat the red cells left behind is in ${folder}`)
process.exitCode = failed > 0 || results.length === 0 ? 1 : 0
say(`\n${results.length - failed} passed, ${failed} failed`)
