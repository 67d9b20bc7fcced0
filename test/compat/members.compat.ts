import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { CORE_METHODS, CORE_VALUES, CORE_VERSION } from '../plugins/facade/core-members.ts'

const core = new URL('node_modules/@elizaos/core/', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, core), 'utf8')

/** The names that a declaration of types has at its own level, and whether they are called. */
function membersOf(source: string, declaration: string): Map<string, 'method' | 'value'> {
  const text = source.replace(/\/\*[\s\S]*?\*\//g, '')
  const start = text.indexOf('{', text.indexOf(declaration)) + 1
  const found = new Map<string, 'method' | 'value'>()
  for (const statement of statementsFrom(text, start)) {
    if (/^(private|#|constructor)/.test(statement)) continue
    const [, getter, name, sign] = /^(?:readonly )?(get )?(\w+)\??\s*([<(:])/.exec(statement) ?? []
    assert.ok(name, `'${statement.slice(0, 60)}' cannot be read`)
    found.set(name, sign === ':' || getter ? 'value' : 'method')
  }
  return found
}

/** Up to the brace that closes what was open at `start`. */
function statementsFrom(text: string, start: number): string[] {
  const statements: string[] = []
  let depth = 0
  let statement = ''
  for (const letter of text.slice(start)) {
    if ('{(['.includes(letter)) depth += 1
    if ('})]'.includes(letter)) depth -= 1
    if (depth < 0) break
    if (letter === ';' && depth === 0) {
      statements.push(statement.trim())
      statement = ''
    } else statement += letter
  }
  return statements
}

describe("the members of core's runtime", () => {
  it('are those of the list, in the version that it names', () => {
    const { version }: { version: string } = JSON.parse(read('package.json'))
    assert.equal(version, CORE_VERSION)
    const members = new Map([
      ...membersOf(read('dist/runtime.d.ts'), 'class AgentRuntime'),
      ...membersOf(read('dist/types/database.d.ts'), 'interface IDatabaseAdapter'),
      ...membersOf(read('dist/types/runtime.d.ts'), 'interface IAgentRuntime'),
    ])
    const ofKind = (kind: string) => [...members].flatMap(([name, k]) => (k === kind ? [name] : []))
    assert.deepEqual(ofKind('method').sort(), [...CORE_METHODS].sort())
    assert.deepEqual(ofKind('value').sort(), [...CORE_VALUES].sort())
  })
})
