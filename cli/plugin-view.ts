import type { createPaint } from './paint.ts'
import { printable, printableLine } from './printable.ts'

type Paint = ReturnType<typeof createPaint>

export interface OfferedPackage {
  readonly name: string
  readonly version: string
  readonly licence: string | null
  readonly unpackedBytes: number | null
  readonly dependencies: number | null
}

/** What a person agrees to. */
export function renderOffer(
  { name, version, licence, unpackedBytes, dependencies }: OfferedPackage,
  { folder, allowsScripts }: { readonly folder: string; readonly allowsScripts: boolean },
): string {
  const rows: readonly (readonly [string, string])[] = [
    ['Package', `${name} ${version}`],
    ['Licence', licence ?? 'not told'],
    [
      'Size',
      unpackedBytes === null
        ? 'not told'
        : `${megabytes(unpackedBytes)} unpacked, without what it needs`,
    ],
    ['Needs', dependencies === null ? 'not told' : packages(dependencies)],
    ['Scripts', allowsScripts ? 'run while it is installed (--allow-scripts)' : 'not run'],
    ['Into', folder],
  ]
  const lines = rows.map(([label, value]) => `${label.padEnd(9)}${printableLine(value)}`)
  return [...lines, 'A plugin is code that runs with your rights and can read your keys.', ''].join(
    '\n',
  )
}

const packages = (count: number): string =>
  count === 0
    ? 'no other package'
    : `${count} other ${count === 1 ? 'package' : 'packages'}, and what these need`

const megabytes = (bytes: number): string =>
  bytes < 100_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`

export interface ListedPlugin {
  readonly name: string
  readonly version: string | null
  readonly licence: string | null
  /** Names of agents; null when the API does not say. */
  readonly usedBy: readonly string[] | null
}

export function renderPlugins(plugins: readonly ListedPlugin[], paint: Paint): string {
  if (plugins.length === 0) {
    return "No plugin is installed. Install one with 'turnkeeper plugin add <name>'."
  }
  const width = Math.max(...plugins.map(({ name }) => name.length))
  return plugins
    .map(({ name, version, licence, usedBy }) => {
      const used =
        usedBy === null ? '' : usedBy.length > 0 ? `used by ${usedBy.join(', ')}` : 'not used'
      const facts = [version ?? 'not complete: add it again', licence ?? '', used]
      const rest = facts.filter((fact) => fact !== '').join('  ')
      return `${paint.name(printableLine(name.padEnd(width)))}  ${printableLine(rest)}`
    })
    .join('\n')
}

export interface ShownResult {
  readonly test: string
  readonly ms: number
  readonly error?: string
}

export function renderResult({ test, ms, error }: ShownResult, paint: Paint): string {
  const line = `  ${error === undefined ? '✓' : paint.warning('✗')} ${printableLine(test)} ${paint.dim(`(${ms} ms)`)}`
  if (error === undefined) return line
  const reason = printable(error).split('\n')
  return [line, ...reason.map((each) => `      ${each}`)].join('\n')
}

export function renderSummary(results: readonly (ShownResult & { suite: string })[]): string {
  const suites = new Set(results.map(({ suite }) => suite)).size
  const failed = results.filter(({ error }) => error !== undefined).length
  const ms = results.reduce((sum, each) => sum + each.ms, 0)
  const counts = [`${results.length - failed} passed`, ...(failed > 0 ? [`${failed} failed`] : [])]
  const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`
  return `${plural(results.length, 'test')} in ${plural(suites, 'suite')}: ${counts.join(', ')} (${(ms / 1000).toFixed(1)} s)`
}
