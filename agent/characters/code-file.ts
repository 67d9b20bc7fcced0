import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CharacterError, parseCharacter } from '../../schema/character.ts'
import type { TemplateFunction } from '../../schema/character-schema.ts'
import { checkTemplates } from './check-templates.ts'
import type { CharacterFile } from './load.ts'

/** What a project gives an agent besides its character (ElizaOS's ProjectAgent): code is never stored. */
export interface CharacterCode {
  readonly templates: Readonly<Record<string, TemplateFunction>>
  /** Plugins as objects. */
  readonly plugins: readonly unknown[]
  /** Called with the agent's runtime once it has started in a process. */
  readonly init?: (runtime: unknown) => unknown
}

const CODE = ['.ts', '.mts', '.js', '.mjs', '.cjs', '.cts']

export const isCodeFile = (file: string): boolean =>
  CODE.includes(extname(file)) && !/\.(d|test|spec)\.[cm]?[tj]s$/.test(file)

/** A folder with a package.json. */
export const isProject = async (path: string): Promise<boolean> =>
  existsSync(join(path, 'package.json'))

/** Longer, and the module waits for something that does not come. */
const IMPORT_LIMIT_MS = 20_000

/**
 * The characters that a module exports: one as `default` or `character`, a project's
 * `{ agents: [{ character, init, plugins }] }`, or one such agent. A changed file is read anew.
 * @throws {CharacterError} it does not import, or exports none
 */
export async function loadCodeFile(path: string): Promise<CharacterFile[]> {
  const file = (await isProject(path)) ? await entryOf(path) : path
  const hash = await hashOf(file, path)
  const module = await imported(file, hash)
  const found = agentsIn(module)
  if (found.length === 0) {
    throw refusal(path, `the exports ${names(module)}`, {
      expected: 'a character, or a project { agents: [{ character }] }, as the default export',
    })
  }
  return found.map((agent, index) => {
    const label = found.length > 1 ? `${path} (agent ${index + 1})` : path
    return characterFile(label, hash, agent)
  })
}

interface FoundAgent {
  readonly character: Record<string, unknown>
  readonly plugins: readonly unknown[]
  readonly init: CharacterCode['init']
}

function characterFile(file: string, hash: string, agent: FoundAgent): CharacterFile {
  const named = agent.plugins.filter((plugin) => typeof plugin === 'string')
  const own = Array.isArray(agent.character.plugins) ? agent.character.plugins : []
  const plugins = [...new Set([...own, ...named])]
  const json = plugins.length > 0 ? { ...agent.character, plugins } : agent.character
  const character = parseCharacter(withoutUndefined(json), file)
  checkTemplates(character, file)
  const templates = Object.entries(character.templates ?? {}).flatMap(([name, template]) =>
    typeof template === 'function' ? [[name, template] as const] : [],
  )
  const code = {
    templates: Object.fromEntries(templates),
    plugins: agent.plugins.filter((plugin) => isObject(plugin)),
    init: agent.init,
  }
  return { file, character, hash, code }
}

function agentsIn(module: Readonly<Record<string, unknown>>): FoundAgent[] {
  const candidates = [module.default, module.character, module.project, ...Object.values(module)]
  for (const candidate of candidates) {
    const agents = agentsOf(candidate)
    if (agents.length > 0) return agents
  }
  return []
}

/** Of a project all, of an agent or a character the one. */
function agentsOf(value: unknown): FoundAgent[] {
  if (!isObject(value)) return []
  if (Array.isArray(value.agents)) return value.agents.flatMap(agentsOf)
  if (isObject(value.character)) {
    const { init, plugins } = value
    return [
      {
        character: value.character,
        plugins: Array.isArray(plugins) ? plugins : [],
        init: typeof init === 'function' ? (runtime) => init(runtime) : undefined,
      },
    ]
  }
  const isCharacter = typeof value.name === 'string' && value.bio !== undefined
  return isCharacter ? [{ character: value, plugins: [], init: undefined }] : []
}

async function imported(file: string, hash: string): Promise<Record<string, unknown>> {
  const url = `${pathToFileURL(resolve(file)).href}?character=${hash.slice(0, 16)}`
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`it was not imported within ${IMPORT_LIMIT_MS / 1_000} s`)
    timer = setTimeout(() => reject(error), IMPORT_LIMIT_MS)
  })
  try {
    return await Promise.race([import(url), late])
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const found = `'${reason.slice(0, 300)}'`
    throw refusal(file, found, { expected: 'a module that can be imported', cause })
  } finally {
    clearTimeout(timer)
  }
}

/** Of a project every file that could be a part of it: a change of any of them is a change. */
async function hashOf(file: string, path: string): Promise<string> {
  const hash = createHash('sha256')
  const files = file === path ? [file] : await sourcesIn(path)
  for (const one of files) hash.update(one).update(await reading(one))
  return hash.digest('hex')
}

/** More files are no project of characters. */
const MAX_SOURCES = 500

async function sourcesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true })
  const kept = entries.filter(
    (name) =>
      !/(^|[\\/])(node_modules|\.[^\\/]+)([\\/]|$)/.test(name) && /\.(json|[cm]?[tj]s)$/.test(name),
  )
  return kept
    .sort()
    .slice(0, MAX_SOURCES)
    .map((name) => join(folder, name))
}

async function reading(file: string): Promise<Buffer> {
  try {
    return (await stat(file)).isFile() ? await readFile(file) : Buffer.alloc(0)
  } catch (cause) {
    throw refusal(file, 'nothing that can be read', { expected: 'a file', cause })
  }
}

/** What its package.json names, or one of the usual places. */
async function entryOf(folder: string): Promise<string> {
  const manifest: unknown = JSON.parse((await reading(join(folder, 'package.json'))).toString())
  const main = isObject(manifest) && typeof manifest.main === 'string' ? [manifest.main] : []
  const places = [...ENTRIES, ...main].map((name) => join(folder, name))
  const entry = places.find((place) => existsSync(place))
  if (entry) return entry
  throw refusal(folder, 'no entry', { expected: `one of ${ENTRIES.join(', ')}, or \`main\`` })
}

/** The source before what was built of it. */
const ENTRIES = ['src/index.ts', 'src/index.js', 'index.ts', 'index.js', 'dist/index.js']

/** ElizaOS's characters have keys without a value: `...(x ? {} : undefined)`. */
const withoutUndefined = (json: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(json).filter(([, value]) => value !== undefined))

const names = (module: object): string => Object.keys(module).slice(0, 10).join(', ') || '(nothing)'

function refusal(
  file: string,
  found: string,
  { expected, cause }: { expected: string; cause?: unknown },
): CharacterError {
  return new CharacterError(file, [{ path: '', found, expected }], { cause })
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object'
