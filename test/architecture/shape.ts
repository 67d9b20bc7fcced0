import { folderOf } from './imports.ts'
import type { SourceFile } from './parse.ts'
import * as limits from './table.ts'

/** Sentences about sizes, names, `any`, `console` and exports. */
export function brokenShape(file: SourceFile): readonly string[] {
  return [
    ...brokenSizes(file),
    ...brokenName(file.path),
    ...file.anys.map(
      ({ line }) => `${file.path}:${line} says 'any': name the type, or use unknown.`,
    ),
    ...brokenConsole(file),
    ...brokenExports(file),
  ]
}

function brokenSizes(file: SourceFile): readonly string[] {
  if (limits.FREE_OF_SIZES.some((free) => file.path.startsWith(free))) return []
  const most =
    folderOf(file.path) === 'workflows' ? limits.MAX_WORKFLOW_FILE_LINES : limits.MAX_FILE_LINES
  const long = file.functions.filter(({ length }) => length > limits.MAX_FUNCTION_LINES)
  return [
    ...(file.lines > most
      ? [`${file.path}:${most + 1} has ${file.lines} lines, ${most} are the limit.`]
      : []),
    ...long.map(
      ({ line, length }) =>
        `${file.path}:${line} has a function of ${length} lines, ${limits.MAX_FUNCTION_LINES} are the limit.`,
    ),
  ]
}

function brokenName(path: string): readonly string[] {
  const parts = path.replace(/(\.d)?\.[a-z]+$/, '').split('/')
  const odd = parts.filter((part) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part))
  const words = parts.flatMap((part) => part.split('-'))
  const empty = words.filter((word) => limits.EMPTY_WORDS.includes(word))
  return [
    ...odd.map((part) => `${path}:1 is named '${part}', which is not kebab-case.`),
    ...empty.map((word) => `${path}:1 is named '${word}', which does not say what is inside.`),
  ]
}

function brokenConsole(file: SourceFile): readonly string[] {
  if (limits.MAY_WRITE_TO_CONSOLE.some((allowed) => file.path.startsWith(allowed))) return []
  const allowed = limits.MAY_WRITE_TO_CONSOLE.join(' and ')
  return file.consoles.map(
    ({ line }) => `${file.path}:${line} uses console, which only ${allowed} may.`,
  )
}

function brokenExports(file: SourceFile): readonly string[] {
  const passedOn = limits.BARRELS.includes(file.path) ? [] : file.passedOn
  return [
    ...file.defaultExports.map(
      ({ line }) => `${file.path}:${line} exports a default: export by name.`,
    ),
    ...passedOn.map(
      ({ line }) =>
        `${file.path}:${line} only passes on what others make: only ${limits.BARRELS.join(', ')} may.`,
    ),
  ]
}
