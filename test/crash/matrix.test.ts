import { describe, expect, it } from '@jest/globals'
import type { Fault } from './faults.ts'
import { appliesAt, FAULTS } from './faults.ts'
import { runMatrix } from './matrix.ts'
import { pageOf } from './page.ts'
import { POINTS } from './points.ts'
import { selectCells } from './select-cells.ts'
import type { Cell } from './strike.ts'

/** What each fault teaches most by; `npm run test:crash` runs every cell. */
const SMALL: readonly (readonly [string, Fault])[] = [
  ['accept:commit-before', 'kill'],
  ['accept:commit-after', 'kill, no sweeper'],
  ['start:after', 'lost answer'],
  ['decide ledger complete:after', 'kill'],
  ['once effect:done', 'kill'],
  ['idempotent result:commit-before', 'kill'],
  ['settle:commit-after', 'kill, no sweeper'],
  ['send:shown', 'kill'],
  ['admit:before', 'pause'],
  ['request:sent', 'pause'],
  ['settle:commit-before', 'cut Postgres'],
  ['decide result:after', 'cut Temporal'],
  ['accept:commit-before', 'duplicate'],
]

const LIMIT_MS = 240_000

const cellOf = ([name, fault]: readonly [string, Fault]): Cell => {
  const point = POINTS.find((known) => known.name === name)
  if (!point || !appliesAt(fault, point)) throw new Error(`There is no cell '${fault}, ${name}'.`)
  return { point, fault, dedup: 'nonce' }
}

describe('a conversation whose processes die, sleep and lose connections', () => {
  it(
    'keeps its promises at the places that teach most',
    async () => {
      const lines: string[] = []
      const { results, folder } = await runMatrix(SMALL.map(cellOf), {
        houses: 4,
        say: (line) => lines.push(line),
      })
      const red = results.filter(({ violations }) => violations.length > 0)
      expect({ red: red.map(({ evidence: _, ...cell }) => cell), folder }).toEqual({
        red: [],
        folder: undefined,
      })
      expect(results).toHaveLength(SMALL.length)
    },
    LIMIT_MS,
  )
})

describe('the matrix', () => {
  it('strikes every point with kill, pause and a repeat, and uses every fault', () => {
    const cells = selectCells({ only: '', fault: undefined })
    for (const { name } of POINTS) {
      const faults = cells.filter(({ point }) => point.name === name).map(({ fault }) => fault)
      expect(faults).toEqual(expect.arrayContaining(['kill', 'pause', 'duplicate']))
    }
    const used = new Set(cells.map(({ fault }) => fault))
    expect([...used].sort()).toEqual(FAULTS.map(({ name }) => name).sort())
  })

  it('has a page that tells what was red, and why', () => {
    const result = {
      ...{ point: 'send:shown', dedup: 'nonce' as const, evidence: '' },
      ...{ tookMs: 1_234, settledBefore: true },
    }
    const page = pageOf(
      [
        { ...result, fault: 'kill', violations: [] },
        { ...result, fault: 'pause', violations: ['I2: shown twice'] },
        { ...result, fault: 'kill', dedup: 'reserve', settledBefore: false, violations: [] },
      ],
      { tookMs: 90_000, date: new Date('2026-11-21T10:00:00Z') },
    )
    expect(page).toContain('Run on 2026-11-21: 3 cells in 1.5 minutes, 1 of them red.')
    expect(page).toMatch(/\| `send:shown` \| .* \| \*1\.2\* \| – \| \*\*red\*\* \| – /)
    expect(page).toMatch(/\| `send:shown` \| kill \| – \| 1\.2 \| – \|/)
    expect(page).toContain('- pause, `send:shown`: I2: shown twice')
  })
})
