import { appliesAt, FAULTS } from './faults.ts'
import { POINTS } from './points.ts'
import type { Cell } from './strike.ts'

export interface Selection {
  /** Part of a point's name. */
  readonly only: string
  readonly fault: string | undefined
}

/** Cells in the order of the turn, long ones first, so that no house ends with one alone. */
export function selectCells({ only, fault }: Selection): Cell[] {
  const slow = ['pause', 'kill, no sweeper', 'kill', 'cut Temporal']
  const faults = FAULTS.map(({ name }) => name).filter(
    (name) => fault === undefined || name === fault,
  )
  const rank = (name: string) => (slow.indexOf(name) + slow.length + 1) % (slow.length + 1)
  return faults
    .toSorted((a, b) => rank(a) - rank(b))
    .flatMap((name) =>
      POINTS.filter((point) => point.name.includes(only) && appliesAt(name, point)).map(
        (point) => ({ point, fault: name }),
      ),
    )
}
