import { parseSync } from '@swc/core'

export interface Import {
  readonly specifier: string
  readonly line: number
  /** `import type` and `typeof import()`: gone when the file runs. `import { type A }` still loads the file. */
  readonly isType: boolean
  /** Named imports; absent when everything may be used (`* as`, `import()`, a bare import). */
  readonly names?: readonly string[]
}

export interface Place {
  readonly line: number
  readonly what: string
}

export interface SourceFile {
  readonly path: string
  readonly lines: number
  readonly imports: readonly Import[]
  /** Every function, with the lines of its body. */
  readonly functions: readonly (Place & { readonly length: number })[]
  readonly anys: readonly Place[]
  readonly consoles: readonly Place[]
  readonly defaultExports: readonly Place[]
  /** `export *`, and everything in a file that only passes on what others make. */
  readonly passedOn: readonly Place[]
}

interface Node {
  readonly type: string
  readonly span: { readonly start: number; readonly end: number }
  readonly [field: string]: unknown
}

/** Reads one file with the parser that Jest runs it through. @throws when it is no TypeScript. */
export function parse(path: string, text: string): SourceFile {
  const body: readonly unknown[] = parseSync(text, { syntax: 'typescript', target: 'es2024' }).body
  const nodes = [...walk(body)]
  const lineOf = lineFinder(text)
  const placed = (chosen: readonly Node[], what: string): readonly Place[] =>
    chosen.map((node) => ({ line: lineOf(node.span.start), what }))
  return {
    path,
    lines: text.trimEnd().split('\n').length,
    imports: nodes.flatMap((node) => {
      const found = importOf(node)
      return found ? [{ ...found, line: lineOf(node.span.start) }] : []
    }),
    functions: nodes.flatMap(bodyOf).map(({ span }) => ({
      line: lineOf(span.start),
      what: 'function',
      length: lineOf(span.end - 1) - lineOf(span.start) - 1,
    })),
    anys: placed(
      nodes.filter((node) => node.type === 'TsKeywordType' && node.kind === 'any'),
      'any',
    ),
    consoles: placed(nodes.filter(isConsole), 'console'),
    defaultExports: placed(
      nodes.filter(({ type }) => type.startsWith('ExportDefault')),
      'default',
    ),
    passedOn: placed(passedOn(body.filter(isNode)), 'export from'),
  }
}

/** `export *` always; `export { a } from` where the file makes nothing itself. */
function passedOn(body: readonly Node[]): readonly Node[] {
  const isFrom = (node: Node) => node.type === 'ExportNamedDeclaration' && isNode(node.source)
  const isAll = ({ type }: Node) => type === 'ExportAllDeclaration'
  const makesSomething = body.some(
    (node) => node.type !== 'ImportDeclaration' && !isFrom(node) && !isAll(node),
  )
  return body.filter((node) => isAll(node) || (isFrom(node) && !makesSomething))
}

function importOf(node: Node): Omit<Import, 'line'> | undefined {
  if (['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration'].includes(node.type)) {
    if (!isNode(node.source)) return undefined
    const isType = node.typeOnly === true
    return { specifier: String(node.source.value), isType, ...namesOf(node) }
  }
  if (node.type === 'TsImportType' && isNode(node.argument)) {
    return { specifier: String(node.argument.value), isType: true }
  }
  if (node.type === 'TsImportEqualsDeclaration') return fromReference(node.moduleRef)
  if (node.type === 'CallExpression') return fromCall(node)
  return undefined
}

/** `import('x')` and `require('x')` with a literal. */
function fromCall(node: Node): Omit<Import, 'line'> | undefined {
  if (!isNode(node.callee)) return undefined
  const isImport = node.callee.type === 'Import' || node.callee.value === 'require'
  const first: unknown = Array.isArray(node.arguments) ? node.arguments[0]?.expression : undefined
  if (!isImport || !isNode(first) || first.type !== 'StringLiteral') return undefined
  return { specifier: String(first.value), isType: false }
}

function fromReference(reference: unknown): Omit<Import, 'line'> | undefined {
  if (!isNode(reference) || !isNode(reference.expression)) return undefined
  return { specifier: String(reference.expression.value), isType: false }
}

/** Absent as soon as one specifier is not a plain name. */
function namesOf(node: Node): { names?: readonly string[] } {
  const specifiers = Array.isArray(node.specifiers) ? node.specifiers.filter(isNode) : []
  const names = specifiers.map((specifier) => {
    const named = specifier.imported ?? specifier.orig ?? specifier.local
    return specifier.type.endsWith('mportSpecifier') || specifier.type === 'ExportSpecifier'
      ? isNode(named) && String(named.value)
      : false
  })
  const plain = names.filter((name) => typeof name === 'string')
  return plain.length > 0 && plain.length === names.length ? { names: plain } : {}
}

/** What stands between the braces of a function, or the expression that an arrow function gives. */
function bodyOf(node: Node): readonly Node[] {
  if (node.type === 'FunctionBody') return [node]
  if (node.type !== 'ArrowFunctionExpression' || !isNode(node.body)) return []
  return node.body.type === 'FunctionBody' ? [] : [node.body]
}

function isConsole(node: Node): boolean {
  if (node.type !== 'MemberExpression' || !isNode(node.object)) return false
  return node.object.type === 'Identifier' && node.object.value === 'console'
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'span' in value
}

/** Every node of the tree, in the order of the text. */
function* walk(value: unknown): Generator<Node> {
  if (Array.isArray(value)) {
    for (const item of value) yield* walk(item)
  } else if (typeof value === 'object' && value !== null) {
    if (isNode(value)) yield value
    for (const inner of Object.values(value)) yield* walk(inner)
  }
}

/** The parser counts bytes of UTF-8 from 1. */
function lineFinder(text: string): (position: number) => number {
  const bytes = Buffer.from(text)
  const starts = [0]
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) starts.push(at + 1)
  return (position) => starts.findLastIndex((start) => start <= position - 1) + 1
}
