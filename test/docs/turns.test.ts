import { describe, expect, it } from '@jest/globals'
import { TURN_CODES, TURN_STATES } from '../../schema/turn.ts'
import { projectFile } from '../deploy/compose-file.ts'
import { firstColumn } from './markdown.ts'

const page = projectFile('docs/turns.md')
const matches = (file: string, pattern: RegExp): string[] =>
  [...projectFile(file).matchAll(pattern)].map(([, name = '']) => name)

describe('docs/turns.md', () => {
  it('explains every state', () => {
    expect(firstColumn(page, 'States')).toEqual([...TURN_STATES])
  })

  it('explains every code', () => {
    expect(firstColumn(page, 'Codes')).toEqual([...TURN_CODES])
  })

  it('explains every step, in the order of a turn', () => {
    const steps = matches('activities/index.ts', /^ {4}(\w+): guard\(/gm)
    const shown = firstColumn(page, 'Steps').map((name) => name.replace(/:<.*/, ''))
    const names = shown.map((name) => name.replace('.model', 'Model'))
    expect(steps.length).toBeGreaterThan(5)
    expect(names).toEqual(steps)
  })

  it('explains every table of the database', () => {
    const files = ['schema/database.ts', 'schema/task-tables.ts']
    const tables = files.flatMap((file) => matches(file, /^ {2}(\w+): \w+Table$/gm))
    const shown = firstColumn(page, 'What Postgres holds').flatMap((cell) => cell.split(', '))
    expect(tables.length).toBeGreaterThan(10)
    expect(shown.toSorted()).toEqual(tables.toSorted())
  })
})
