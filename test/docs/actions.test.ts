import { describe, expect, it } from '@jest/globals'
import { corePlugin } from '../../agent/plugins/core/core-plugin.ts'
import { projectFile } from '../deploy/compose-file.ts'

const page = projectFile('docs/actions.md')

/** Cells of the table under a heading, without the code marks. */
function rows(heading: string): string[][] {
  const [, section = ''] = new RegExp(`\n## ${heading}\n([^]*?)\n## `).exec(page) ?? []
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.replaceAll('`', '').trim()),
    )
}

describe('docs/actions.md', () => {
  it('has every built-in action with its similes', () => {
    const actions = (corePlugin.actions ?? []).map(({ name, similes = [] }) => [
      name,
      similes.join(', '),
    ])
    expect(rows('Actions').map(([name, similes]) => [name, similes])).toEqual(actions)
  })

  it('has every built-in provider with its position and kind', () => {
    const kindOf = (isDynamic = false, isPrivate = false) =>
      isDynamic ? ', dynamic' : isPrivate ? ', private' : ''
    const providers = (corePlugin.providers ?? []).map((one) => {
      return [one.name, `${one.position ?? 0}${kindOf(one.dynamic, one.private)}`]
    })
    const shown = rows('Providers').map(([name, position]) => [name, position])
    expect(shown.toSorted()).toEqual(providers.toSorted())
  })
})
