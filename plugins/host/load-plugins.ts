import { orderPlugins } from '../load/order-plugins.ts'
import { isPath, shortName } from '../load/plugin-name.ts'
import type { LoadedPlugin, PluginReport, PluginSource } from '../plugin-host.ts'
import { type Redact, reasonOf } from './reason.ts'

/** What became of a name, before its members are counted. */
export type Verdict = Pick<PluginReport, 'asked' | 'name' | 'version' | 'state' | 'reason'>

export interface NamedPlugin extends LoadedPlugin {
  /** As the character, or another plugin, names it. */
  readonly asked: string
}

export interface PluginWishes {
  /** In the order of registration: those of every agent, then the character's. */
  readonly names: readonly string[]
  /** Given in code: those of every agent, then its own. */
  readonly given: readonly NamedPlugin[]
  /** Why a name needs no package here; undefined when it does. */
  supersededBy(name: string): string | undefined
  /** The same for one that is not installed. */
  replacedBy(name: string): string | undefined
  /** Names that were granted a process of their own. @default none */
  readonly isolated?: readonly string[]
}

export interface FoundPlugins {
  readonly ordered: readonly NamedPlugin[]
  /** Of what was left out. */
  readonly verdicts: readonly Verdict[]
}

/** Dependencies of dependencies, at most. */
const MAX_PLUGINS = 200

/** Reads the packages and what they depend on, in the order in which they are to be registered. */
export async function findPlugins(
  source: PluginSource,
  wishes: PluginWishes,
  redact: Redact,
): Promise<FoundPlugins> {
  const found: NamedPlugin[] = [...wishes.given]
  const verdicts: Verdict[] = []
  const asked = new Set<string>(found.map(({ plugin }) => shortName(plugin.name)))
  const provided: string[] = []
  const waiting = [...wishes.names, ...found.flatMap(dependenciesOf)]
  while (waiting.length > 0 && asked.size < MAX_PLUGINS) {
    const name = waiting.shift() ?? ''
    if (asked.has(shortName(name))) continue
    asked.add(shortName(name))
    const read = await readPlugin(source, wishes, { name, redact })
    if (!('state' in read)) {
      found.push(read)
      // It was asked for by its path, perhaps, and others need it by its name.
      asked.add(shortName(read.plugin.name))
      waiting.push(...dependenciesOf(read))
      continue
    }
    verdicts.push(read)
    if (read.state === 'superseded') provided.push(name)
  }
  const { ordered, failed, skipped } = orderPlugins(found, { provided })
  const left = [
    ...failed.map(({ loaded, error }) => verdictOf(loaded, 'failed', reasonOf(error, redact))),
    ...skipped.map(({ loaded, note }) => verdictOf(loaded, 'failed', note)),
    ...unmatched(wishes.isolated ?? [], found),
  ]
  return { ordered, verdicts: [...verdicts, ...left] }
}

/** Paths are the character's to name: one that a package names is missing, and fails it. */
const dependenciesOf = ({ plugin }: LoadedPlugin): readonly string[] =>
  (plugin.dependencies ?? []).filter((name) => !isPath(name))

/** Somebody meant to isolate a plugin, and wrote a name that none of them has. */
const unmatched = (isolated: readonly string[], found: readonly NamedPlugin[]): Verdict[] =>
  isolated
    .filter((name) => !found.some((one) => one.isIsolated && one.plugin.name === name))
    .map((asked) => ({
      ...{ asked, name: null, version: null, state: 'failed' },
      reason:
        `settings.pluginPermissions grants '${asked}' a process of its own, and no plugin was started ` +
        "in one by this name. Write it as in the character's `plugins`, or remove the grant.",
    }))

async function readPlugin(
  source: PluginSource,
  { supersededBy, replacedBy }: PluginWishes,
  { name, redact }: { name: string; redact: Redact },
): Promise<NamedPlugin | Verdict> {
  const missing = { asked: name, name: null, version: null }
  const superseded = supersededBy(name)
  if (superseded !== undefined) return { ...missing, state: 'superseded', reason: superseded }
  try {
    return { asked: name, ...(await source.load(name)) }
  } catch (error) {
    const replaced = replacedBy(name)
    if (replaced !== undefined) return { ...missing, state: 'superseded', reason: replaced }
    return { ...missing, state: 'failed', reason: reasonOf(error, redact) }
  }
}

export const verdictOf = (
  { asked, plugin, version }: NamedPlugin,
  state: Verdict['state'],
  reason: string | null,
): Verdict => ({ asked, name: plugin.name, version, state, reason })
