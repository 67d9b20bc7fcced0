import type { HostedAgent } from '../plugin-host.ts'
import { FailedOpening } from './failed-opening.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { Running } from './open-agent.ts'

/** The agents of a process whose plugins run, each opened once. */
export interface AgentEntries {
  /** Those who ask while it opens wait for the same. @throws {FailedOpening} a required plugin failed */
  open(hosted: HostedAgent): Promise<Running>
  running(agentId: string): Running | undefined
  /** Undefined while it opens, when it runs, and when it failed for another reason. */
  failure(agentId: string): FailedOpening | undefined
  ids(): readonly string[]
  close(ids: readonly string[]): Promise<void>
}

interface Entry {
  readonly fingerprint: string
  version: number
  readonly opening: Promise<Running>
  running?: Running
  /** Milliseconds since the epoch. */
  failedAt?: number
  failure?: FailedOpening
}

/** A required plugin that failed is not tried again for so long. */
const RETRY_AFTER_MS = 30_000

export function createAgentEntries(
  openAnew: (hosted: HostedAgent) => Promise<Running>,
  now: () => number,
): AgentEntries {
  const entries = new Map<string, Entry>()
  const closing = new Map<string, Promise<unknown>>()

  /** Behind the older one's end: two instances of a service would take each other's connection. */
  const begin = (hosted: HostedAgent, before: Entry | undefined): Entry => {
    const open = async () => {
      await closing.get(hosted.id)
      if (before) await stopped(before)
      return openAnew(hosted)
    }
    const { id, version } = hosted
    const entry: Entry = { fingerprint: fingerprintOf(hosted), version, opening: open() }
    entries.set(id, noting(entry, now))
    return entry
  }

  const entryFor = (hosted: HostedAgent): Entry => {
    const entry = entries.get(hosted.id)
    if (!entry) return begin(hosted, undefined)
    const isOlder = hosted.version < entry.version
    const isSame = isOlder || entry.fingerprint === fingerprintOf(hosted)
    const isStale = entry.failedAt !== undefined && now() - entry.failedAt > RETRY_AFTER_MS
    return isSame && !isStale ? entry : begin(hosted, entry)
  }

  return {
    async open(hosted) {
      const entry = entryFor(hosted)
      const running = await entry.opening
      if (hosted.version > entry.version) {
        entry.version = hosted.version
        running.host.update(hosted)
      }
      return running
    },
    running: (agentId) => entries.get(agentId)?.running,
    failure: (agentId) => entries.get(agentId)?.failure,
    ids: () => [...entries.keys()],
    async close(ids) {
      const ends = Promise.all(ids.flatMap((id) => entries.get(id) ?? []).map(stopped))
      for (const id of ids) {
        entries.delete(id)
        closing.set(id, ends)
      }
      await ends
      for (const id of ids) if (closing.get(id) === ends) closing.delete(id)
    },
  }
}

function noting(entry: Entry, now: () => number): Entry {
  entry.opening.then(
    (running) => {
      entry.running = running
    },
    (error: unknown) => {
      entry.failedAt = now()
      if (error instanceof FailedOpening) entry.failure = error
    },
  )
  return entry
}

async function stopped({ opening }: Entry): Promise<void> {
  const running = await opening.catch(() => undefined)
  await running?.stop()
}
