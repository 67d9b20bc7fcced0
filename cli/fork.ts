import { setTimeout as delay } from 'node:timers/promises'
import type { z } from 'zod'
import { turnTrace } from '../schema/api-answers.ts'
import { startedFork, turnDiff } from '../schema/fork-api.ts'
import { isTerminal } from '../schema/turn.ts'
import { type Api, isPassing } from './api-client.ts'

export type StartedFork = z.output<typeof startedFork>
export type TurnDiff = z.output<typeof turnDiff>

export interface NewFork {
  readonly from?: string
  readonly model?: string
  readonly character?: object
}

/** @throws {ApiRefusedError} the turn cannot be forked; the message says why. */
export async function startFork(api: Api, turnId: string, fork: NewFork): Promise<StartedFork> {
  const path = `/api/turns/${encodeURIComponent(turnId)}/fork`
  return startedFork.parse(await api.request(path, { method: 'POST', body: fork }))
}

export interface WaitOptions {
  /** Ends the waiting; the fork goes on. */
  readonly signal: AbortSignal
  /** Called once for each step that the fork itself takes, as it begins or when it was too quick to see. */
  onStep(step: string): void
  /** The API does not answer; it is asked again. */
  onAway(error: unknown): void
}

const POLL_MS = 300

/** Of silence: a worker that is started anew, or an API that is deployed, takes less. */
const GIVE_UP_MS = 120_000

/**
 * How the fork differs, once it has ended. Undefined when `signal` was aborted before.
 * @throws {ApiRefusedError} it is no fork. @throws {ApiUnreachableError} for two minutes
 */
export async function waitForDiff(
  api: Api,
  forkId: string,
  options: WaitOptions,
): Promise<TurnDiff | undefined> {
  const seen = new Set<string>()
  let quietSince: number | undefined
  while (!options.signal.aborted) {
    try {
      const diff = await look(api, forkId, seen, options)
      if (diff) return diff
      quietSince = undefined
    } catch (error) {
      if (options.signal.aborted) return undefined
      if (!isPassing(error)) throw error
      if (quietSince === undefined) options.onAway(error)
      quietSince ??= Date.now()
      if (Date.now() - quietSince > GIVE_UP_MS) throw error
    }
    await delay(POLL_MS, undefined, { signal: options.signal }).catch(() => undefined)
  }
  return undefined
}

async function look(
  api: Api,
  forkId: string,
  seen: Set<string>,
  { signal, onStep }: WaitOptions,
): Promise<TurnDiff | undefined> {
  const path = `/api/turns/${encodeURIComponent(forkId)}`
  const { steps, state } = turnTrace.parse(await api.request(path, { signal }))
  for (const { step, attempt } of steps) {
    if (attempt === 0 || seen.has(step)) continue // an attempt 0 is what was taken over
    seen.add(step)
    onStep(step)
  }
  if (!isTerminal(state)) return undefined
  return turnDiff.parse(await api.request(`${path}/diff`, { signal }))
}
