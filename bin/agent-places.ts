import { setTimeout as delay } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { StepLog } from '../agent/ports.ts'
import { withRetry } from '../database/failures.ts'
import type { Database } from '../schema/database.ts'
import type { HeadTurn } from '../schema/turn.ts'
import { fillPlaces, hasHeld, takePlace } from '../turns/agent-slots.ts'

/** How long a free place may stay free while somebody waits for it. */
const LOOK_MS = 250
/** The same where there is no limit: only what another process held, or could not start, is waited for. */
const REST_MS = 1_000

export interface AgentPlacesParts {
  readonly db: Kysely<Database>
  /** Turns of one agent that run at the same time; 0: any number. */
  readonly most: number
  readonly log: StepLog
  start(head: HeadTurn): Promise<void>
}

export interface AgentPlaces {
  /** Starts the head, or others of its agent that have waited longer; it then waits for a free place. */
  startHead(head: HeadTurn): Promise<void>
  /** Lets go whoever waits, as places become free in whichever process, until `signal` is aborted. */
  run(signal: AbortSignal): Promise<void>
}

/** Keeps an agent to so many running turns, over all processes that are told the same number. */
export function createAgentPlaces({ db, most, log, start }: AgentPlacesParts): AgentPlaces {
  const startAll = async (heads: readonly HeadTurn[]) => {
    for (const head of heads) await start(head)
  }
  const fill = (places: number) =>
    fillPlaces(db, places)
      .then(startAll)
      .catch((error: unknown) => log.warn(undefined, 'Waiting turns could not be started.', error))
  const isAnyHeld = () => hasHeld(db).catch(() => true) // Postgres is away: it is asked again
  return {
    startHead: async (head) =>
      most === 0 ? start(head) : startAll(await withRetry(() => takePlace(db, head, most))),
    async run(signal) {
      while (!signal.aborted) {
        await fill(most === 0 ? ANY_NUMBER : most)
        // What a process with a limit left waiting must not wait for ever, nor for an agent that is started again.
        if (most === 0 && !(await isAnyHeld())) return
        await delay(most === 0 ? REST_MS : LOOK_MS, undefined, { signal }).catch(() => undefined)
      }
    },
  }
}

const ANY_NUMBER = 1_000_000
