import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from '@temporalio/client'
import type { WorkerDeploymentVersion } from '@temporalio/common'
import { isSameVersion, type Routing, readRouting } from './deployment.ts'

/** Whether new turns go to a build: all of them, not all of them, or nobody knows at the moment. */
export type BuildStanding = KnownStanding | 'unknown'
export type KnownStanding = 'current' | 'other'

export interface CurrentBuild {
  /** What was known at most 5 s ago. Costs nothing. */
  standing(): BuildStanding
  stop(): void
}

export interface WatchedBuild {
  readonly taskQueue: string
  readonly version: WorkerDeploymentVersion
  /** Hears of the first answer, and of every other one. */
  readonly onChange?: (standing: KnownStanding) => void
}

/** Together: a promotion is noticed after 2.5 s, and after 5 s in any case. */
const REFRESH_MS = 2_500
const TRUST_MS = 5_000

/**
 * Asks the server again and again whether a build is the current one, so that nobody has to wait for
 * the answer when a turn is started.
 */
export function watchCurrentBuild(
  client: Client,
  { taskQueue, version, onChange }: WatchedBuild,
): CurrentBuild {
  const controller = new AbortController()
  let known: { readonly standing: KnownStanding; readonly asOf: number } | undefined
  const watch = async () => {
    while (!controller.signal.aborted) {
      const asOf = performance.now()
      // Without an answer the last one expires.
      const routing = await readRouting(client, taskQueue).catch(() => undefined)
      if (routing) {
        const standing = standingOf(routing, version)
        if (standing !== known?.standing) onChange?.(standing)
        known = { standing, asOf }
      }
      const pause = { signal: controller.signal, ref: false }
      await delay(REFRESH_MS, undefined, pause).catch(() => undefined)
    }
  }
  void watch()
  return {
    standing: () =>
      known && performance.now() - known.asOf <= TRUST_MS ? known.standing : 'unknown',
    stop: () => controller.abort(),
  }
}

/** While a part of the turns goes to another build, Temporal must choose for each of them. */
const standingOf = (routing: Routing, version: WorkerDeploymentVersion): KnownStanding =>
  isSameVersion(routing.current, version) && !routing.isRamping ? 'current' : 'other'
