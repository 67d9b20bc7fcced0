import type { CallTimes } from '../agent/ledger.ts'

/** What came when, during one call to a vendor. */
export interface CallClock {
  note(delta: string): void
  /** Everything that was noted. */
  text(): string
  times(): CallTimes
}

export function startClock(): CallClock {
  const began = performance.now()
  let firstAt: number | undefined
  let text = ''
  return {
    note(delta) {
      firstAt ??= performance.now()
      text += delta
    },
    text: () => text,
    times: () => ({
      firstTokenMs: firstAt === undefined ? null : Math.round(firstAt - began),
      latencyMs: Math.round(performance.now() - began),
    }),
  }
}
