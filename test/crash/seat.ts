/** What the runner tells a process besides its settings. */
export interface Seat {
  readonly name: string
  readonly controlPort: number
  /** Of this process's own. */
  readonly platformUrl: string
  /** The Workflow code, bundled once for all processes of a run. */
  readonly bundleFile: string
}

/** Holds a `Seat` as JSON. */
export const SEAT_VARIABLE = 'CRASH_SEAT'
