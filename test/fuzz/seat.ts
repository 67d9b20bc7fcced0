/** What a process of the fuzzer is told besides its settings. */
export interface Seat {
  readonly role: 'api' | 'worker'
  /** Of the chat platforms and the service with effects, as this process calls them. */
  readonly platformUrl: string
  /** The Workflow code, bundled once for all workers of a run. */
  readonly bundleFile: string
}

/** Holds a `Seat` as JSON. */
export const SEAT_VARIABLE = 'FUZZ_SEAT'

/** What a process writes on stdout when it works, before its URL (of an api). */
export const READY = 'ready '
