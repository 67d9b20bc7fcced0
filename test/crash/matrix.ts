import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CellResult, runCell } from './cell.ts'
import { createAgent } from './create-agent.ts'
import { type House, openHouse } from './house.ts'
import { openSite, type Site } from './site.ts'
import type { Cell } from './strike.ts'

export interface MatrixOptions {
  /** Cells that run at once, each with processes of its own. */
  readonly houses: number
  say(line: string): void
}

export interface MatrixRun {
  readonly results: readonly CellResult[]
  /** With logs and evidence of red cells; undefined when there are none. */
  readonly folder: string | undefined
}

/** Runs the cells in a few houses at once: recovery is mostly waiting. */
export async function runMatrix(
  cells: readonly Cell[],
  options: MatrixOptions,
): Promise<MatrixRun> {
  const site = await openSite()
  const queue = [...cells]
  const results: CellResult[] = []
  let folder: string | undefined
  const keep = async (result: CellResult, logs: string) => {
    folder ??= await mkdtemp(join(tmpdir(), 'turnkeeper-crash-logs-'))
    const name = `${result.point} ${result.fault} ${result.dedup}`.replace(/[^\w]+/g, '-')
    const text = [...result.violations, result.evidence, logs].join('\n\n')
    await writeFile(join(folder, `${name}.txt`), text)
  }
  const open = new Set<House>()
  const work = async (number: number) => {
    let inhabited: Inhabited | undefined
    for (let cell = queue.shift(), n = 0; cell; cell = queue.shift(), n += 1) {
      const next = cell
      const result = await survived(next, async () => {
        inhabited ??= await moveIn(site, `house-${number}-${n}`, open)
        const { house, agentId, idWithPlugins } = inhabited
        return runCell(house, next.point.needsPlugins ? idWithPlugins : agentId, next)
      })
      results.push(result)
      options.say(lineOf(result, results.length, cells.length))
      if (result.violations.length === 0) continue
      await keep(result, inhabited?.house.crew.logs() ?? '')
      // What is left of it could spoil the next cell.
      if (inhabited) open.delete(inhabited.house)
      await inhabited?.house.close()
      inhabited = undefined
    }
  }
  try {
    const houses = Math.min(options.houses, cells.length)
    await Promise.all(Array.from({ length: houses }, (_, number) => work(number)))
  } finally {
    await Promise.all([...open].map((house) => house.close()))
    await site.close()
  }
  return { results, folder }
}

interface Inhabited {
  readonly house: House
  readonly agentId: string
  /** The agent that has `foreign-plugin.ts`. */
  readonly idWithPlugins: string
}

const PLUGIN = fileURLToPath(new URL('./foreign-plugin.ts', import.meta.url))

async function moveIn(site: Site, name: string, open: Set<House>): Promise<Inhabited> {
  const house = await openHouse(site, name)
  open.add(house)
  const apiUrl = await house.crew.apiUrl()
  const agentId = await createAgent(apiUrl)
  const idWithPlugins = await createAgent(apiUrl, { name: 'Ivy', plugins: [PLUGIN] })
  return { house, agentId, idWithPlugins }
}

/** A cell that could not be run to its end is red. */
async function survived(cell: Cell, run: () => Promise<CellResult>): Promise<CellResult> {
  try {
    return await run()
  } catch (error) {
    const { point, fault, dedup } = cell
    const words = error instanceof Error ? error.message : String(error)
    const red = { violations: [words], evidence: String(error), tookMs: 0, settledBefore: false }
    return { point: point.name, fault, dedup, ...red }
  }
}

function lineOf(
  { point, fault, dedup, violations, tookMs }: CellResult,
  n: number,
  all: number,
): string {
  const cell = `${String(n).padStart(3)}/${all}  ${fault}, ${point}${dedup === 'nonce' ? '' : `, platform with ${dedup}`}`
  if (violations.length === 0) return `${cell}: ${(tookMs / 1_000).toFixed(1)} s`
  return [`${cell}: RED`, ...violations.map((what) => `           ${what}`)].join('\n')
}
