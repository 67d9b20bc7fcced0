import { existsSync, globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { projectFile, ROOT } from '../deploy/compose-file.ts'
import { firstColumn } from './markdown.ts'
import { settingsTable } from './settings-table.ts'

const pages = globSync('{README.md,docs/*.md}', { cwd: ROOT }).sort()

/** Links and pictures that lead into the project. */
const links = (page: string): readonly string[] =>
  [...projectFile(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !target.startsWith('http'))

/** Anchors as GitHub makes them from headings. */
const anchors = (page: string): readonly string[] =>
  [...projectFile(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

function leadsNowhere(page: string, link: string): boolean {
  const [file = '', anchor] = link.split('#')
  const target = file === '' ? page : join(dirname(page), file)
  if (!existsSync(join(ROOT, target))) return true
  return anchor !== undefined && !anchors(target).includes(anchor)
}

describe.each(pages)('%s', (page) => {
  it('has no link that leads nowhere', () => {
    expect(links(page).filter((link) => leadsNowhere(page, link))).toEqual([])
  })

  it('names no folder of the machine it was written on', () => {
    expect(projectFile(page).match(/(?<![\w.~<])\/(?:home|root|tmp|work|Users)\/\S*/g)).toBeNull()
  })
})

describe('README.md', () => {
  it('links every page', () => {
    const linked = links('README.md').map((link) => link.split('#')[0])
    expect(pages.filter((page) => page !== 'README.md' && !linked.includes(page))).toEqual([])
  })

  it('shows the settings as the configuration has them (`node test/docs/settings-table.ts`)', () => {
    const [, shown] = /<!-- settings:.*-->\n([\s\S]*?)\n<!-- \/settings -->/.exec(
      projectFile('README.md'),
    ) ?? [undefined, '']
    expect(shown).toBe(settingsTable())
  })
})

describe('docs/benchmarks.md', () => {
  it('explains every option of the benchmark', () => {
    const options = [...projectFile('bench/run.ts').matchAll(/^ {4}(\w+): \{ type:/gm)]
    const names = options.map(([, name]) => `--${name}`)
    expect(names.length).toBeGreaterThan(3)
    expect(firstColumn(projectFile('docs/benchmarks.md'), 'Repeat it').toSorted()).toEqual(
      names.toSorted(),
    )
  })
})
