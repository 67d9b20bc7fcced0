import type { Dedup } from '../../agent/connector.ts'
import { appliesAt, FAULTS, type Fault } from './faults.ts'
import { POINTS } from './points.ts'
import type { Cell } from './strike.ts'

export interface Selection {
  /** Part of a point's name. */
  readonly only: string
  readonly fault: string | undefined
  /** Only every so manieth cell, of the kills every eighth one, counted from `offset`. @default all of them */
  readonly share?: number
  readonly offset?: number
}

/** Cells in the order of the turn, slow faults first, so that no house ends with one alone. */
export function selectCells({ only, fault, share = 1, offset = 0 }: Selection): Cell[] {
  const isWanted = (cell: Cell) =>
    cell.point.name.includes(only) && (fault === undefined || cell.fault === fault)
  const rank = (cell: Cell) => (SLOW.indexOf(cell.fault) + SLOW.length + 1) % (SLOW.length + 1)
  return [...everywhere(), ...otherPlatforms()]
    .filter(isWanted)
    .filter((cell, index) =>
      isDrawn(index, offset, cell.fault === 'kill' ? Math.min(KILLS, share) : share),
    )
    .toSorted((a, b) => rank(a) - rank(b))
}

/** Of these more are drawn: a death is what the promises are about. */
const KILLS = 8

const isDrawn = (index: number, offset: number, share: number) => index % share === offset % share

const SLOW: readonly Fault[] = ['pause', 'kill, no sweeper', 'kill', 'cut Temporal']

const everywhere = (): Cell[] =>
  FAULTS.flatMap(({ name: fault }) =>
    POINTS.filter((point) => appliesAt(fault, point)).map(
      (point): Cell => ({ point, fault, dedup: 'nonce' }),
    ),
  )

/** Platforms that do not know a key differ where a call to them is under way. */
const otherPlatforms = (): Cell[] =>
  OTHER_DEDUPS.flatMap((dedup) =>
    POINTS.flatMap((point) => {
      const faults = AT_A_PLATFORM[point.name] ?? []
      return faults.map((fault): Cell => ({ point, fault, dedup }))
    }),
  )

export const OTHER_DEDUPS: readonly Dedup[] = ['lookup', 'reserve', 'none']

const AT_A_PLATFORM: Readonly<Record<string, readonly Fault[]>> = {
  'send:before': ['kill'],
  'send:shown': ['kill', 'pause', 'lost answer'],
  'mark sent:before': ['kill'],
}
