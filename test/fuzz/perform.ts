import { setTimeout as delay } from 'node:timers/promises'
import { strike } from './fault.ts'
import { cancel, openLetter } from './intervene.ts'
import type { Op } from './plan.ts'
import { speak } from './speak.ts'
import type { Stage } from './stage.ts'

export interface Performance {
  /** Operations that have begun. */
  begun(): number
  /** Resolves when the last operation has begun. */
  readonly played: Promise<void>
  /** Resolves when all that was broken is whole again. */
  mended(): Promise<void>
  /** Resolves when every message was taken or refused, and every stream has ended. */
  heard(): Promise<void>
  /** What an operation could not do although it was not broken by a fault. */
  failures(): readonly string[]
}

/** Begins each operation at its time, whatever became of those before it. */
export function perform(stage: Stage): Performance {
  const faults: Promise<void>[] = []
  const others: Promise<void>[] = []
  const began = Date.now()
  const failures: string[] = []
  let begun = 0
  const play = async () => {
    for (const op of stage.plan.ops) {
      const waitMs = began + op.at - Date.now()
      if (waitMs > 0)
        await delay(waitMs, undefined, { signal: stage.signal }).catch(() => undefined)
      if (stage.signal.aborted) return
      begun += 1
      const kept = begin(stage, op).catch((error: unknown) => {
        failures.push(`${op.kind} at ${op.at} ms: ${String(error)}`)
        stage.journal.note({ op: op.kind, failed: String(error) })
      })
      ;(op.kind === 'fault' ? faults : others).push(kept)
    }
  }
  return {
    begun: () => begun,
    played: play(),
    mended: async () => void (await Promise.all(faults)),
    heard: async () => void (await Promise.all(others)),
    failures: () => failures,
  }
}

function begin(stage: Stage, op: Op): Promise<void> {
  switch (op.kind) {
    case 'say':
      return speak(stage, op)
    case 'cancel':
      return cancel(stage, op)
    case 'letter':
      return openLetter(stage, op)
    case 'fault':
      return strike(stage.house, op.what, stage.journal)
  }
}
