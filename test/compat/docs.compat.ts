import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { resultTables } from './result-tables.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/compatibility.md'), 'utf8')

it('docs/compatibility.md has the tables of what the suite expects', () => {
  for (const table of resultTables()) assert.ok(page.includes(table), `It lacks:\n${table}`)
})

it('docs/compatibility.md names the versions that are installed', () => {
  const manifest = readFileSync(join(import.meta.dirname, 'package.json'), 'utf8')
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(manifest)
  for (const [name, version] of Object.entries(dependencies)) {
    assert.ok(page.includes(`\`${name}\` | ${version} |`), `${name} ${version}`)
  }
})
