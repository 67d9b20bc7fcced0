import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { brokenImports, cycles } from './architecture/imports.ts'
import { parse, type SourceFile } from './architecture/parse.ts'
import { brokenShape } from './architecture/shape.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const NOT_OURS = ['node_modules', '.git', '.turnkeeper', 'coverage', 'test']

function sources(): readonly SourceFile[] {
  const paths = globSync('*/**/*.{ts,js}', {
    cwd: ROOT,
    exclude: (name) => NOT_OURS.includes(String(name)),
  })
  return paths
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => parse(path, readFileSync(`${ROOT}/${path}`, 'utf8')))
}

const broken = (path: string, text: string): readonly string[] => {
  const file = parse(path, text)
  return [...brokenImports(file), ...brokenShape(file)]
}

describe('the sources', () => {
  const files = sources()

  it('are found', () => {
    expect(files.map(({ path }) => path)).toContain('schema/turn.ts')
  })

  it('import only what the table of imports allows', () => {
    expect(files.flatMap(brokenImports)).toEqual([])
  })

  it('import values without cycles', () => {
    expect(cycles(files)).toEqual([])
  })

  it('keep to the sizes, names and exports of the house', () => {
    expect(files.flatMap(brokenShape)).toEqual([])
  })
})

describe('the table of imports', () => {
  it.each([
    [
      'turns/accept.ts',
      `import OpenAI from 'openai'`,
      `imports 'openai': turns may use only kysely`,
    ],
    ['turns/accept.ts', `import { Client } from '@temporalio/client'`, 'turns may use only kysely'],
    [
      'models/openai.ts',
      `import { a } from '../connectors/b.ts'`,
      'models may use values only of schema, agent',
    ],
    [
      'activities/admit.ts',
      `import { a } from '../turns/b.ts'`,
      'activities may use values only of schema, agent',
    ],
    [
      'workflows/turn.ts',
      `import { a } from '../schema/turn.ts'`,
      'workflows may use values only of nothing',
    ],
    ['workflows/turn.ts', `import { z } from 'zod'`, 'workflows may use only @temporalio/workflow'],
    ['workflows/turn.ts', `import { readFile } from 'node:fs'`, 'workflows does no I/O of its own'],
    [
      'schema/turn.ts',
      `import type { A } from '../agent/a.ts'`,
      'schema may use types only of nothing',
    ],
    [
      'cli/chat.ts',
      `import type { A } from '../memory/a.ts'`,
      'cli may use types only of api, schema',
    ],
    ['cli/chat.ts', `import { app } from '../api/app.ts'`, 'cli may use values only of schema'],
    [
      'temporal/a.ts',
      `import { Worker } from '@temporalio/worker'`,
      'temporal may use only @temporalio/client',
    ],
    [
      'workers/sweeper.ts',
      `import { accept } from '../turns/accept.ts'`,
      'workers may use values only of activities',
    ],
    [
      'api/app.ts',
      `import type { A } from '../bin/ports.ts'`,
      'only bin, bench, orchestrator and the tests may import bin',
    ],
    [
      'api/app.ts',
      `import { open } from '../database/open.ts'`,
      'only bin, bench, orchestrator and the tests may import database',
    ],
    ['shared/a.ts', '', `is in 'shared', which has no row`],
  ])('refuses in %s: %s', (path, text, message) => {
    expect(broken(path, text).join('\n')).toContain(message)
  })

  it.each([
    ['turns/accept.ts', `import { sql } from 'kysely'\nimport { a } from '../memory/b.ts'`],
    ['workflows/turn.ts', `import type { Activities } from '../activities/index.ts'`],
    ['temporal/a.ts', `import { NativeConnection } from '@temporalio/worker'`],
    ['workers/sweeper.ts', `import { sweep } from '../turns/sweep.ts'`],
    ['database/open.ts', `import { PGlite } from '@electric-sql/pglite/worker'`],
    [
      'bin/ports.ts',
      `import { accept } from '../turns/accept.ts'\nimport { open } from '../database/open.ts'`,
    ],
  ])('allows in %s: %s', (path, text) => {
    expect(broken(path, text)).toEqual([])
  })

  it.each([
    ['a dynamic import', `const a = await import('openai')`],
    ['a call of require', `const a = require('openai')`],
    ['a bare import', `import 'openai'`],
    ['a re-export', `export { a } from 'openai'`],
    ['a star export', `export * from 'openai'`],
    ['a type in an expression', `let a: typeof import('openai')`],
    ['a namespace', `import * as a from 'openai'`],
  ])('sees %s', (_kind, text) => {
    expect(broken('turns/accept.ts', text).join('\n')).toContain(
      "'openai': turns may use only kysely",
    )
  })

  it('takes an inline type for what it is at run time: a value import', () => {
    expect(broken('workflows/turn.ts', `import { type A } from '../agent/a.ts'`)).toHaveLength(1)
  })

  it('names file and line, whatever stands before', () => {
    const text = `// Größe: 日本\n\n/* import 'pg' */\nconst a = "import 'pg'"\nimport 'pg'\n`
    expect(broken('turns/a.ts', text)).toEqual([
      "turns/a.ts:5 imports 'pg': turns may use only kysely of third parties.",
    ])
  })

  it('finds a circle of values, and none where a type closes it', () => {
    const circle = (closing: string): readonly string[] =>
      cycles([
        parse('turns/a.ts', `import { b } from './b.ts'`),
        parse('turns/b.ts', `import { c } from './c.ts'`),
        parse('turns/c.ts', closing),
      ])
    expect(circle(`import type { a } from './a.ts'`)).toEqual([])
    expect(circle(`import { a } from './a.ts'`)).toEqual([
      'turns/a.ts → turns/b.ts → turns/c.ts → turns/a.ts: values import in a circle.',
    ])
  })
})

describe('the rules of shape', () => {
  const lines = (count: number): string => 'a()\n'.repeat(count)

  it.each([
    [
      'a file of 301 lines',
      'turns/a.ts',
      lines(301),
      'turns/a.ts:301 has 301 lines, 300 are the limit.',
    ],
    ['a workflow file of 151 lines', 'workflows/a.ts', lines(151), '151 lines, 150 are the limit'],
    [
      'a function of 61 lines',
      'turns/a.ts',
      `\nfunction b() {\n${lines(61)}}`,
      'turns/a.ts:2 has a function of 61 lines',
    ],
    [
      'a long method',
      'turns/a.ts',
      `class A {\n b() {\n${lines(61)}}}`,
      'turns/a.ts:2 has a function of 61',
    ],
    [
      'a long arrow function without braces',
      'turns/a.ts',
      `const b = () =>\n c(\n${'1,\n'.repeat(61)})`,
      'has a function of 61',
    ],
    [
      'a long arrow function',
      'turns/a.ts',
      `const b = () => {\n${lines(61)}}`,
      'has a function of 61',
    ],
    ['any', 'turns/a.ts', 'const a = (b: Map<string, any>) => b', `turns/a.ts:1 says 'any'`],
    ['console', 'turns/a.ts', `console.log('a')`, 'turns/a.ts:1 uses console'],
    ['a default export', 'turns/a.ts', 'export default function a() {}', 'exports a default'],
    ['a barrel', 'turns/index.ts', `export * from './a.ts'`, 'only passes on'],
    [
      'a barrel with names',
      'turns/index.ts',
      `export { a } from './a.ts'`,
      'turns/index.ts:1 only passes',
    ],
    ['a name without content', 'turns/turn-utils.ts', '', `is named 'utils'`],
    ['a name in camel case', 'turns/turnState.ts', '', 'not kebab-case'],
  ])('refuse %s', (_what, path, text, message) => {
    expect(broken(path, text).join('\n')).toContain(message)
  })

  it.each([
    ['a file of 300 lines', 'turns/a.ts', lines(300)],
    ['a function of 60 lines', 'turns/a.ts', `function b() {\n${lines(60)}}`],
    ['console in the terminal client', 'cli/chat.ts', `console.log('a')`],
    ['the word any in text', 'turns/a.ts', `const a = 'any' // any`],
    ['the two indexes', 'workflows/index.ts', `export { a } from './a.ts'`],
    ['one name that is passed on', 'turns/b.ts', `export { a } from './a.ts'\nexport const b = 1`],
    ['a long migration', 'schema/migrations/0001-a.ts', lines(400)],
  ])('allow %s', (_what, path, text) => {
    expect(broken(path, text)).toEqual([])
  })
})
