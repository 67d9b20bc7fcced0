import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  agentIdOf,
  type Character,
  CharacterError,
  type CharacterProblem,
  parseCharacter,
} from '../../schema/character.ts'
import { checkTemplates } from './check-templates.ts'
import { type CharacterCode, isCodeFile, isProject, loadCodeFile } from './code-file.ts'
import { parseJsonText } from './json-syntax.ts'

/** Largest character file, in bytes. The same as the API's largest body. */
export const MAX_CHARACTER_BYTES = 2 * 1024 * 1024

export interface CharacterFile {
  readonly file: string
  readonly character: Character
  /** SHA-256 of the file's bytes, in hex: tells whether the file changed since it was imported. */
  readonly hash: string
  /** What a code file gives besides: it stays in the process. */
  readonly code?: CharacterCode
}

export interface LoadedCharacters {
  readonly characters: readonly CharacterFile[]
  /** What could not be used, and why. It stops none of the others. */
  readonly problems: readonly CharacterError[]
}

/**
 * Loads character files: JSON, TypeScript or JavaScript; of a folder all of them, by name, or, where it
 * has a package.json, the project that it is. Does not throw for any of them.
 */
export async function loadCharacterFiles(
  paths: string | readonly string[],
): Promise<LoadedCharacters> {
  const characters: CharacterFile[] = []
  const problems: CharacterError[] = []
  const add = async (loaded: CharacterFile) => {
    refuseTakenId(loaded, characters)
    characters.push(loaded)
  }
  const loadOne = async (file: string) => {
    const isCode = isCodeFile(file) || (await isProject(file))
    const found = isCode ? await loadCodeFile(file) : [await loadCharacterFile(file)]
    for (const loaded of found) await attempt(problems, undefined, () => add(loaded))
  }
  const seen = new Set<string>()
  for (const path of typeof paths === 'string' ? [paths] : paths) {
    for (const file of await attempt(problems, [], () => listFiles(path))) {
      if (seen.has(resolve(file))) continue
      seen.add(resolve(file))
      await attempt(problems, undefined, () => loadOne(file))
    }
  }
  return { characters, problems }
}

async function attempt<T>(problems: CharacterError[], otherwise: T, work: () => Promise<T>) {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof CharacterError)) throw error
    problems.push(error)
    return otherwise
  }
}

async function listFiles(path: string): Promise<string[]> {
  const info = await reading(path, () => stat(path))
  if (!info.isDirectory() || (await isProject(path))) return [path]
  const names = (await reading(path, () => readdir(path))).filter(
    (name) => name.endsWith('.json') || isCodeFile(name),
  )
  if (names.length === 0) throw problem(path, 'a folder without one', 'a folder with .json files')
  return names.sort().map((name) => join(path, name))
}

async function loadCharacterFile(file: string): Promise<CharacterFile> {
  const bytes = await readBytes(file)
  const json = parseJsonText(decode(bytes, file))
  if ('error' in json) {
    const { line, column, reason } = json.error
    const path = `line ${line}, column ${column}`
    throw new CharacterError(file, [{ path, found: `'${reason}'`, expected: 'valid JSON' }])
  }
  const character = parseCharacter(json.value, file)
  checkTemplates(character, file)
  return { file, character, hash: createHash('sha256').update(bytes).digest('hex') }
}

async function readBytes(file: string): Promise<Buffer> {
  const info = await reading(file, () => stat(file))
  if (!info.isFile()) throw problem(file, 'something that is no file', 'a JSON file')
  if (info.size > MAX_CHARACTER_BYTES) {
    const limit = MAX_CHARACTER_BYTES.toLocaleString('en')
    const found = `${info.size.toLocaleString('en')} bytes`
    throw problem(file, found, `at most ${limit}`)
  }
  return reading(file, () => readFile(file))
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw problem(file, 'bytes that are not UTF-8', 'a text file in UTF-8', { cause })
  }
}

async function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const found = isMissing(cause) ? 'nothing there' : `'${reasonOf(cause)}'`
    throw problem(path, found, 'a JSON file, or a folder of them, that can be read', { cause })
  }
}

function refuseTakenId({ file, character }: CharacterFile, others: readonly CharacterFile[]): void {
  const id = agentIdOf(character)
  const owner = others.find((other) => agentIdOf(other.character) === id)
  if (!owner) return
  const found = `'${id}', which is the agent '${owner.character.name}' of '${owner.file}'`
  const hint = 'Give one of the two another `id`, or another `name` when none has an `id`.'
  throw new CharacterError(file, [{ path: 'id', found, expected: 'an id of its own', hint }])
}

function problem(file: string, found: string, expected: string, options?: ErrorOptions) {
  const only: CharacterProblem = { path: '', found, expected }
  return new CharacterError(file, [only], options)
}

const isMissing = (cause: unknown): boolean =>
  isObject(cause) && 'code' in cause && cause.code === 'ENOENT'

const reasonOf = (cause: unknown): string =>
  isObject(cause) && 'message' in cause ? String(cause.message) : String(cause)

// Not `instanceof Error`: what Node's own modules throw may come from another realm.
const isObject = (value: unknown): value is object => value !== null && typeof value === 'object'
