import { PluginError } from '../plugin-error.ts'
import type { LoadedPlugin } from '../plugin-host.ts'
import { shortName } from './plugin-name.ts'

export interface OrderOptions {
  /** Names that the host answers for itself, such as `sql` and `bootstrap`. @default none */
  readonly provided?: readonly string[]
  /** `testDependencies` count as well. @default false */
  readonly isTest?: boolean
}

export interface OrderedPlugins<Loaded> {
  /** Each behind what it depends on; where that leaves a choice, lower priorities first, then as given. */
  readonly ordered: readonly Loaded[]
  /** Left out, with the reason. What depends on them is left out as well. */
  readonly failed: readonly { readonly loaded: Loaded; readonly error: PluginError }[]
  /** Of plugins that were given twice: the second is skipped. */
  readonly skipped: readonly { readonly loaded: Loaded; readonly note: string }[]
}

type Node<Loaded> = { readonly loaded: Loaded; readonly needs: readonly string[] }

/**
 * The order of registration, as of ElizaOS: databases have -100, models -50, core 0, features 50,
 * platforms 100. One plugin that cannot be used takes only those with it that depend on it.
 */
export function orderPlugins<Loaded extends Pick<LoadedPlugin, 'plugin'>>(
  list: readonly Loaded[],
  options: OrderOptions = {},
): OrderedPlugins<Loaded> {
  const { nodes, skipped } = withoutDoubles(list, options)
  const failed: { loaded: Loaded; error: PluginError }[] = []
  const drop = (name: string, message: string) => {
    const node = nodes.get(name)
    if (!node || !nodes.delete(name)) return
    failed.push({ loaded: node.loaded, error: new PluginError(node.loaded.plugin.name, message) })
  }
  dropMissing(nodes, new Set((options.provided ?? []).map(shortName)), drop)
  for (let cycle = findCycle(nodes); cycle; cycle = findCycle(nodes)) {
    const way = [...cycle, cycle[0]].join(' → ')
    const message = `The plugins depend on each other in a circle: ${way}. Remove one of these dependencies.`
    for (const name of cycle) drop(name, message)
    dropMissing(nodes, new Set((options.provided ?? []).map(shortName)), drop)
  }
  return { ordered: sorted(nodes), failed, skipped }
}

function withoutDoubles<Loaded extends Pick<LoadedPlugin, 'plugin'>>(
  list: readonly Loaded[],
  { isTest = false }: OrderOptions,
) {
  const nodes = new Map<string, Node<Loaded>>()
  const skipped: { loaded: Loaded; note: string }[] = []
  for (const loaded of list) {
    const { name, dependencies = [], testDependencies = [] } = loaded.plugin
    const short = shortName(name)
    if (nodes.has(short)) {
      const note = `The plugin '${name}' is there twice; the second one is skipped.`
      skipped.push({ loaded, note })
      continue
    }
    const needs = [...dependencies, ...(isTest ? testDependencies : [])].map(shortName)
    nodes.set(short, { loaded, needs: [...new Set(needs)] })
  }
  return { nodes, skipped }
}

/** Until nothing changes: what is dropped is missing to others. */
function dropMissing<Loaded extends Pick<LoadedPlugin, 'plugin'>>(
  nodes: Map<string, Node<Loaded>>,
  provided: ReadonlySet<string>,
  drop: (name: string, message: string) => void,
): void {
  for (let isStable = false; !isStable; ) {
    isStable = true
    for (const [short, { loaded, needs }] of nodes) {
      const missing = needs.find((need) => !nodes.has(need) && !provided.has(need))
      if (missing === undefined) continue
      isStable = false
      drop(short, missingMessage(loaded.plugin, missing))
    }
  }
}

function missingMessage(
  { name, dependencies = [], testDependencies = [] }: LoadedPlugin['plugin'],
  missing: string,
): string {
  const written =
    [...dependencies, ...testDependencies].find((each) => shortName(each) === missing) ?? missing
  return (
    `The plugin '${name}' needs the plugin '${written}', which is not loaded. ` +
    "Name it in the character's `plugins` as well, and install it if need be: " +
    `npx turnkeeper plugin add ${written}`
  )
}

/** The names of one circle in its order, a plugin that needs itself included. */
function findCycle<Loaded>(
  nodes: ReadonlyMap<string, Node<Loaded>>,
): readonly string[] | undefined {
  const done = new Set<string>()
  const visit = (name: string, trail: readonly string[]): readonly string[] | undefined => {
    const at = trail.indexOf(name)
    if (at !== -1) return trail.slice(at)
    if (done.has(name)) return undefined
    for (const need of nodes.get(name)?.needs ?? []) {
      const cycle = visit(need, [...trail, name])
      if (cycle) return cycle
    }
    done.add(name)
    return undefined
  }
  for (const name of nodes.keys()) {
    const cycle = visit(name, [])
    if (cycle) return cycle
  }
  return undefined
}

function sorted<Loaded extends Pick<LoadedPlugin, 'plugin'>>(
  nodes: ReadonlyMap<string, Node<Loaded>>,
): readonly Loaded[] {
  const waiting = new Map(nodes)
  const ordered: Loaded[] = []
  while (waiting.size > 0) {
    const ready = [...waiting].filter(([, { needs }]) => !needs.some((need) => waiting.has(need)))
    // `sort` keeps the order of equals.
    const [next] = ready.sort(([, one], [, other]) => priority(one) - priority(other))
    if (!next) break
    ordered.push(next[1].loaded)
    waiting.delete(next[0])
  }
  return ordered
}

const priority = <Loaded extends Pick<LoadedPlugin, 'plugin'>>({ loaded }: Node<Loaded>): number =>
  loaded.plugin.priority ?? 0
