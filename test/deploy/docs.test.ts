import { existsSync, globSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { COMMANDS } from '../../cli/command-specs.ts'
import { modelSettings } from '../../schema/model-settings.ts'
import { nameWarnings, settings } from '../../schema/setting-names.ts'
import { interpolations, projectFile, ROOT } from './compose-file.ts'

const pages = globSync('{README.md,docs/**/*.md}', { cwd: ROOT }).sort()
const scripts = Object.keys(JSON.parse(projectFile('package.json')).scripts)
const found = (page: string, pattern: RegExp): readonly string[] =>
  [...projectFile(page).matchAll(pattern)].map(([, name = '']) => name)

/** A setting of characters alone: in the environment it would change nothing. */
const OF_CHARACTERS = 'TURNKEEPER_BUILT_INS'

describe.each(pages)('%s', (page) => {
  it('names only npm scripts that exist', () => {
    const named = found(
      page,
      /npm (?:run )?(start|test(?::\w+)?|bench|turnkeeper|lint|types|dev)\b/g,
    )
    expect(named.filter((name) => !scripts.includes(name))).toEqual([])
  })

  it('names only commands that exist', () => {
    const named = found(
      page,
      /(?:turnkeeper --|bin\/turnkeeper\.js) ((?:(?:turn|deployment|approval|dead-letter|plugin|create|task) )?[a-z]+)/g,
    )
    expect(named.filter((name) => !Object.hasOwn(COMMANDS, name))).toEqual([])
  })

  it('names only settings that exist', () => {
    const ours = found(page, /\b(TURNKEEPER_[A-Z_]*[A-Z]|TEMPORAL_[A-Z_]*[A-Z])\b/g)
    expect(nameWarnings(ours.filter((name) => name !== OF_CHARACTERS))).toEqual([])
  })

  it('names only files of the project that exist', () => {
    const paths = found(page, /`((?:bench|bin|deploy|docs|test|agent|schema)\/[\w./-]*\w)`/g)
    expect(paths.filter((path) => !existsSync(`${ROOT}/${path}`))).toEqual([])
  })
})

describe('docs/deploy.md', () => {
  it('exports what docker-compose.yml requires, and tells what else it takes', () => {
    const page = projectFile('docs/deploy.md')
    for (const { name, rest } of interpolations()) {
      expect(page).toContain(rest.startsWith(':?') ? `export ${name}=` : name)
    }
  })

  it('explains only variables that the configuration knows', () => {
    const known = [...settings, ...modelSettings].map(({ env }) => env)
    const rows = projectFile('docs/deploy.md').match(/^\| `[A-Z_]+`.*$/gm) ?? []
    const named = rows.flatMap((row) => [...row.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name))
    expect(named.length).toBeGreaterThan(10)
    const others = named.filter((name) => !known.includes(name ?? ''))
    expect(others.every((name) => name?.startsWith('TEMPORAL_'))).toBe(true)
  })
})
