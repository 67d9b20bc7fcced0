import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import { loadCharacterFiles } from '../../agent/characters/load.ts'
import { apologyTemplate } from '../../agent/prompts/templates.ts'
import { CHARACTER_KEYS } from '../../schema/character-schema.ts'
import { projectFile } from '../deploy/compose-file.ts'
import { blockAfter, firstColumn } from './markdown.ts'

const page = projectFile('docs/characters.md')
const folder = mkdtempSync(join(tmpdir(), 'turnkeeper-docs-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function loadFromPage(name: string) {
  const file = join(folder, name)
  writeFileSync(file, blockAfter(page, `file: ${name}`))
  return { file, ...(await loadCharacterFiles(file)) }
}

describe('docs/characters.md', () => {
  it('shows a character that can be used', async () => {
    const { characters, problems } = await loadFromPage('bo.json')
    expect(problems).toEqual([])
    expect(characters.map(({ character }) => character.name)).toEqual(['Bo'])
  })

  it('shows a project that can be used', async () => {
    const { characters, problems } = await loadFromPage('garden.ts')
    expect(problems).toEqual([])
    expect(characters.map(({ character, code }) => [character.name, code?.plugins.length])).toEqual(
      [['Flora', 1]],
    )
  })

  it('shows what is said about a wrong one', async () => {
    const { file, problems } = await loadFromPage('wrong.json')
    const said = problems.map(({ message }) => message.replace(file, 'wrong.json'))
    expect(said).toEqual([blockAfter(page, 'says').trimEnd()])
  })

  it('explains every key', () => {
    const keys = firstColumn(page, 'Characters').flatMap((cell) => cell.split(', '))
    expect(keys.toSorted()).toEqual([...CHARACTER_KEYS].sort())
  })

  it('quotes the apology', () => {
    expect(page).toContain(`> ${apologyTemplate}`)
  })
})
