import type { PluginFault } from '../plugin-host.ts'
import type { HostLog } from '../runtime-host.ts'
import type { HostLimits } from './limits.ts'
import { type Redact, reasonOf } from './reason.ts'

/** Whom something is said of. */
export interface MemberName {
  readonly plugin: string
  /** `provider WEATHER`. */
  readonly member: string
}

/** What became of the members of one agent: faults for the report, and who is not asked for a while. */
export interface Health {
  /** Undefined: it may be asked. Else the time, in ms since the epoch, until which it is left alone. */
  pausedUntil(name: MemberName): number | undefined
  succeeded(name: MemberName): void
  /** It failed or was late: counted, and after so many in a row it is paused. */
  failed(name: MemberName, error: unknown, isPausable: boolean): void
  /** The call ended in a way that says nothing about it, such as a cancelled turn. */
  unclear(name: MemberName): void
  /** Counted for the report alone. */
  note(name: MemberName, error: unknown): void
  faults(plugin: string): readonly PluginFault[]
}

interface Entry extends MemberName {
  count: number
  inRow: number
  lastError: string
  lastAt: number
  openUntil: number | null
  /** The one call that finds out whether it works again. */
  isProbed: boolean
}

/** Members of one agent that are remembered, the newest faults last. */
const MAX_ENTRIES = 200

export interface HealthInput {
  readonly agentId: string
  readonly limits: Pick<HostLimits, 'failuresInRow' | 'pauseMs'>
  readonly log: HostLog
  readonly redact: Redact
  now(): number
}

export function createHealth({ agentId, limits, log, redact, now }: HealthInput): Health {
  const entries = new Map<string, Entry>()
  const find = (name: MemberName) => entries.get(keyOf(name))

  const count = (name: MemberName, error: unknown): Entry => {
    const entry = find(name) ?? newEntry(name)
    entries.delete(keyOf(name))
    entries.set(keyOf(name), entry)
    const [oldest] = entries.keys()
    if (entries.size > MAX_ENTRIES && oldest !== undefined) entries.delete(oldest)
    entry.count += 1
    entry.lastAt = now()
    entry.lastError = reasonOf(error, redact)
    // A member that fails in each turn fills no log: the first, second, fourth, eighth … time.
    if (Number.isInteger(Math.log2(entry.count))) {
      const { plugin, member, lastError } = entry
      const fields = { agentId, plugin, member, count: entry.count, reason: lastError }
      log.warn(fields, `The ${member} of the plugin '${plugin}' failed.`)
    }
    return entry
  }

  const pause = (entry: Entry) => {
    const { plugin, member } = entry
    const seconds = Math.ceil(limits.pauseMs / 1000)
    const isFirst = entry.openUntil === null
    entry.openUntil = now() + limits.pauseMs
    entry.isProbed = false
    if (!isFirst) return
    log.warn(
      { agentId, plugin, member, reason: entry.lastError },
      `The ${member} of the plugin '${plugin}' failed ${entry.inRow} times in a row. ` +
        `It is not asked for ${seconds} s, then once to see whether it works again.`,
    )
  }

  return {
    pausedUntil(name) {
      const entry = find(name)
      if (!entry || entry.openUntil === null) return undefined
      if (now() < entry.openUntil || entry.isProbed) return entry.openUntil
      entry.isProbed = true
      return undefined
    },
    succeeded(name) {
      const entry = find(name)
      if (entry) Object.assign(entry, { inRow: 0, openUntil: null, isProbed: false })
    },
    failed(name, error, isPausable) {
      const entry = count(name, error)
      entry.inRow += 1
      if (isPausable && entry.inRow >= limits.failuresInRow) pause(entry)
    },
    unclear(name) {
      const entry = find(name)
      if (entry) entry.isProbed = false
    },
    note: (name, error) => void count(name, error),
    faults: (plugin) => [...entries.values()].filter((e) => e.plugin === plugin).map(faultOf),
  }
}

const keyOf = ({ plugin, member }: MemberName) => `${plugin}\n${member}`

const newEntry = ({ plugin, member }: MemberName): Entry => ({
  ...{ plugin, member, count: 0, inRow: 0, lastError: '', lastAt: 0 },
  ...{ openUntil: null, isProbed: false },
})

const faultOf = ({ member, count, lastError, lastAt, openUntil }: Entry): PluginFault => ({
  ...{ member, count, lastError, lastAt, openUntil },
})
