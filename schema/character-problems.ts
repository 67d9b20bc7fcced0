import type { z } from 'zod'
import { BUDGET_KEYS } from './budget.ts'
import type { CharacterProblem } from './character.ts'
import { migrationHint } from './character-hints.ts'
import { CHARACTER_KEYS, STYLE_KEYS } from './character-schema.ts'
import { nearest } from './nearest.ts'

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

const KNOWLEDGE_KEYS = ['path', 'directory', 'shared']
const EXAMPLE_KEYS = ['name', 'content']
const SECRET_NAME = /secret|token|passw|passphrase|credential|private|auth|salt|key/i
const SHOWN_CHARACTERS = 60

/** Translates what zod found into sentences about the JSON that was read. */
export function describeIssues(issues: readonly Issue[], json: unknown): CharacterProblem[] {
  return issues.flatMap((issue) => describeIssue(issue, json, []))
}

function describeIssue(issue: Issue, json: unknown, base: Path): CharacterProblem[] {
  const path = [...base, ...issue.path]
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key))
  const branch = issue.code === 'invalid_union' ? meantBranch(issue.errors) : undefined
  if (branch) return branch.flatMap((inner) => describeIssue(inner, json, path))
  return [
    {
      path: formatPath(path),
      found: describeValue(path, valueAt(json, path)),
      expected: issue.message,
      hint: missingKeyHint(json, path),
    },
  ]
}

/** The branch of a union that has the right shape and fails further down, when there is just one. */
function meantBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const deeper = branches.filter((issues) => issues.every((issue) => issue.path.length > 0))
  return deeper.length === 1 ? deeper[0] : undefined
}

function unknownKey(parent: Path, key: string): CharacterProblem {
  const known = keysAt(parent)
  const moved = parent.length === 0 ? migrationHint(key) : undefined
  const meant = nearest(key, known)
  const hint = moved ? `Instead: ${moved}.` : meant && `Did you mean '${meant}'?`
  return {
    path: formatPath([...parent, key]),
    found: 'an unknown key',
    expected: hint ? 'a known one' : `one of ${known.join(', ')}`,
    hint,
  }
}

function keysAt(path: Path): readonly string[] {
  if (path.length === 0) return CHARACTER_KEYS
  if (path[0] === 'style') return STYLE_KEYS
  if (path[1] === 'budgets') return BUDGET_KEYS
  return path[0] === 'knowledge' ? KNOWLEDGE_KEYS : EXAMPLE_KEYS
}

function missingKeyHint(json: unknown, path: Path): string | undefined {
  const key = path.at(-1)
  const parent = valueAt(json, path.slice(0, -1))
  if (typeof key !== 'string' || !isObject(parent) || Object.hasOwn(parent, key)) return undefined
  if (key === 'name' && Object.hasOwn(parent, 'user')) return "Rename its 'user' to 'name'."
  const candidates = Object.keys(parent).filter((name) => !keysAt(path.slice(0, -1)).includes(name))
  const meant = nearest(key, candidates)
  return meant && `Is '${meant.slice(0, SHOWN_CHARACTERS)}' a misspelt '${key}'?`
}

function describeValue(path: Path, value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (isObject(value)) return 'an object'
  if (path.some((part) => SECRET_NAME.test(String(part)))) return `a ${typeof value} (not shown)`
  const shown = JSON.stringify(value)
  return shown.length > SHOWN_CHARACTERS ? `${shown.slice(0, SHOWN_CHARACTERS)}…` : shown
}

function valueAt(json: unknown, path: Path): unknown {
  let value = json
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined
    value = value[key]
  }
  return value
}

const isObject = (value: unknown): value is Record<PropertyKey, unknown> =>
  value !== null && typeof value === 'object'

function formatPath(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    const name = String(key).slice(0, 100)
    if (!/^[\w$-]+$/.test(name)) return `${text}[${JSON.stringify(name)}]`
    return text === '' ? name : `${text}.${name}`
  }, '')
}
