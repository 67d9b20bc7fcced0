import { posix } from 'node:path'
import type { Import, SourceFile } from './parse.ts'
import { NO_NODE_MODULES, ONLY_FOR_THE_ROOT, ROOTS, type Row, TABLE } from './table.ts'

/** Sentences, each with file, line, import and the rule it breaks. */
export function brokenImports(file: SourceFile): readonly string[] {
  const folder = folderOf(file.path)
  const row = TABLE[folder]
  if (!row) return [`${file.path}:1 is in '${folder}', which has no row in the table of imports.`]
  return file.imports.flatMap((entry) => {
    const rule = entry.specifier.startsWith('.')
      ? ruleAgainstOurs(folder, row, file.path, entry)
      : ruleAgainstPackage(folder, row, entry)
    const kind = entry.isType ? 'the types of ' : ''
    return rule ? [`${file.path}:${entry.line} imports ${kind}'${entry.specifier}': ${rule}`] : []
  })
}

export const folderOf = (path: string): string =>
  path.includes('/') ? path.slice(0, path.indexOf('/')) : ''

/** The imported file by its path from the project's root. */
export const targetOf = (path: string, specifier: string): string =>
  posix.join(posix.dirname(path), specifier)

function ruleAgainstOurs(
  folder: string,
  row: Row,
  path: string,
  entry: Import,
): string | undefined {
  const target = targetOf(path, entry.specifier)
  const from = folderOf(target)
  // The root holds package.json and the like: facts, not modules.
  if (from === folder || from === '') return undefined
  if (ONLY_FOR_THE_ROOT.includes(from) && !isRootFolder(folder)) {
    return `only ${ROOTS.join(', ')} and the tests may import ${from}.`
  }
  if (covers(row.values, target)) return undefined
  const types = row.types && [...row.types, ...row.values]
  if (entry.isType) {
    if (!types || covers(types, target)) return undefined
    return `${folder} may use types only of ${listed(types)}.`
  }
  return `${folder} may use values only of ${listed(row.values)}.`
}

function ruleAgainstPackage(folder: string, row: Row, entry: Import): string | undefined {
  if (entry.specifier.startsWith('node:')) {
    return NO_NODE_MODULES.includes(folder) ? `${folder} does no I/O of its own.` : undefined
  }
  if (row.packages.some((allowed) => allows(allowed, entry))) return undefined
  return `${folder} may use only ${listed(row.packages)} of third parties.`
}

/** `name`, `name#OneExport`, `@scope/*` or `*`; subpaths belong to their package. */
function allows(allowed: string, { specifier, names, isType }: Import): boolean {
  const [name = '', onlyExport] = allowed.split('#')
  if (name === '*') return true
  if (name.endsWith('/*')) return specifier.startsWith(name.slice(0, -1))
  if (specifier !== name && !specifier.startsWith(`${name}/`)) return false
  return (
    onlyExport === undefined || isType || (names?.every((used) => used === onlyExport) ?? false)
  )
}

const isRootFolder = (folder: string): boolean => ROOTS.includes(folder)

function covers(allowed: readonly string[], target: string): boolean {
  return allowed.some(
    (entry) => entry === '*' || entry === target || target.startsWith(`${entry}/`),
  )
}

const listed = (names: readonly string[]): string =>
  names.length > 0 ? names.join(', ') : 'nothing'

/** Each cycle among imports of values once, as the files it goes through. */
export function cycles(files: readonly SourceFile[]): readonly string[] {
  const edges = new Map(files.map((file) => [file.path, valueTargets(file)]))
  const found = new Map<string, string>()
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at !== -1) {
      const cycle = trail.slice(at)
      found.set(
        [...cycle].sort().join(' '),
        `${[...cycle, path].join(' → ')}: values import in a circle.`,
      )
      return
    }
    if (done.has(path)) return
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of edges.keys()) visit(path, [])
  return [...found.values()]
}

const valueTargets = (file: SourceFile): readonly string[] =>
  file.imports
    .filter(({ isType, specifier }) => !isType && specifier.startsWith('.'))
    .map(({ specifier }) => targetOf(file.path, specifier))
