import type { ModelPurpose } from '../agent/models.ts'

/** How long a vendor may be silent, in milliseconds. */
export interface Patience {
  /** From the request to the first chunk: connecting, queueing and reading the prompt included. */
  readonly firstChunkMs: number
  /** From one chunk to the next. */
  readonly nextChunkMs: number
}

/** A turn's deadline is 5 minutes. */
const MOST_PATIENT_MS = 270_000

/** Models that think first are silent for minutes. */
export function patienceFor(purpose: ModelPurpose, patience: Patience): Patience {
  const { firstChunkMs, nextChunkMs } = patience
  if (!purpose.startsWith('REASONING_') || firstChunkMs > MOST_PATIENT_MS) return patience
  return { firstChunkMs: Math.min(3 * firstChunkMs, MOST_PATIENT_MS), nextChunkMs }
}

export interface StallWatch {
  /** Aborted by the caller's signal, with its reason, or by silence, with the error for it. */
  readonly signal: AbortSignal
  /** A chunk has come: the clock starts again. */
  heard(): void
  /** Stops the clock. */
  end(): void
}

/** Aborts a request that has gone silent: some vendors accept a request and never answer it. */
export function watchForStall(
  caller: AbortSignal,
  patience: Patience,
  stalled: (silentMs: number) => Error,
): StallWatch {
  const silence = new AbortController()
  const wait = (ms: number) => setTimeout(() => silence.abort(stalled(ms)), ms)
  let timer = wait(patience.firstChunkMs)
  return {
    signal: AbortSignal.any([caller, silence.signal]),
    heard() {
      clearTimeout(timer)
      timer = wait(patience.nextChunkMs)
    },
    end: () => clearTimeout(timer),
  }
}
