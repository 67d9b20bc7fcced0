import type { z } from 'zod'
import { describeIssues } from './character-problems.ts'
import { characterSchema } from './character-schema.ts'
import { stringToUuid } from './ids.ts'
import { storableJson } from './text.ts'

export type Character = z.infer<typeof characterSchema>

/** One thing that is wrong with a character, in words. No secret is in it. */
export interface CharacterProblem {
  /** `messageExamples[0][1].content.text`; empty for the character as a whole. */
  readonly path: string
  readonly found: string
  readonly expected: string
  readonly hint?: string
}

const SHOWN_PROBLEMS = 20

/** Deeper JSON is no character; without a limit it would end the process's stack. */
const MAX_DEPTH = 100

/**
 * A character cannot be used. The message lists what is wrong, by path, found and expected; values
 * of secrets are not in it. Of the family of `DomainError` by its `code`, which `schema/` may not import.
 */
export class CharacterError extends Error {
  readonly code = 'invalid_character'
  override readonly name = 'CharacterError'
  /** The file, or where else the JSON came from. */
  readonly source: string
  readonly problems: readonly CharacterProblem[]

  constructor(source: string, problems: readonly CharacterProblem[], options?: ErrorOptions) {
    super(sentence(source, problems), options)
    this.source = source
    this.problems = problems
  }
}

/**
 * Reads ElizaOS's character JSON. NUL and lone surrogates in it become U+FFFD.
 *
 * @param source what to call it in an error: the file's path, or for example `request body`
 * @throws {CharacterError} with every problem, not only the first
 */
export function parseCharacter(json: unknown, source: string): Character {
  if (isDeeperThan(json, MAX_DEPTH)) {
    const found = `lists and objects more than ${MAX_DEPTH} levels deep`
    throw new CharacterError(source, [{ path: '', found, expected: 'a flatter JSON value' }])
  }
  const storable = storableJson(json)
  const result = characterSchema.safeParse(storable)
  if (result.success) return result.data
  throw new CharacterError(source, describeIssues(result.error.issues, storable))
}

/**
 * The id of the agent that a character becomes: its own, else `stringToUuid(name)`. In lower case,
 * because Postgres returns UUIDs so, and the two are compared as text.
 */
export function agentIdOf(character: Pick<Character, 'id' | 'name'>): string {
  return (character.id ?? stringToUuid(character.name)).toLowerCase()
}

function sentence(source: string, problems: readonly CharacterProblem[]): string {
  const lines = problems.slice(0, SHOWN_PROBLEMS).map(({ path, found, expected, hint }) => {
    const place = path === '' ? '' : `${path}: `
    return `  - ${place}found ${found}, expected ${expected}.${hint ? ` ${hint}` : ''}`
  })
  const rest = problems.length - SHOWN_PROBLEMS
  if (rest > 0) lines.push(`  - and ${rest} more`)
  return [`The character in '${source}' cannot be used:`, ...lines].join('\n')
}

function isDeeperThan(json: unknown, limit: number): boolean {
  let level: unknown[] = [json]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limit) return true
    level = level.flatMap((value) =>
      value !== null && typeof value === 'object' ? Object.values(value) : [],
    )
  }
  return false
}
