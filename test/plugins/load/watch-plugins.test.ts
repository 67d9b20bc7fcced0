import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { type PluginWatch, watchPlugins } from '../../../plugins/load/watch-plugins.ts'
import { eventually } from '../../support/eventually.ts'
import { projectOf } from './load-in-process.ts'

let watch: PluginWatch | undefined
let project: ReturnType<typeof projectOf> | undefined
afterEach(() => {
  watch?.close()
  project?.remove()
})

describe('the folder of a plugin', () => {
  it('is told of once for a burst of changes, and not for its dependencies or hidden files', async () => {
    project = projectOf({ 'one/src/a.ts': '', 'two/b.ts': '', 'two/node_modules/c/d.js': '' })
    const [one, two] = ['one', 'two'].map((name) => join(project?.folder ?? '', name))
    const told: string[] = []
    watch = watchPlugins([one ?? '', two ?? ''], {
      onChange: (folder) => told.push(folder),
      quietMs: 100,
    })
    writeFileSync(join(two ?? '', 'node_modules/c/d.js'), '1')
    writeFileSync(join(two ?? '', '.hidden.ts'), '1')
    writeFileSync(join(two ?? '', 'data.log'), '1')
    for (const text of ['1', '2', '3']) writeFileSync(join(one ?? '', 'src/a.ts'), text)
    await eventually(() => told.length > 0)
    expect(told).toEqual([one])
    mkdirSync(join(one ?? '', 'new'))
    writeFileSync(join(one ?? '', 'new/c.js'), '1')
    await eventually(() => told.length > 1)
    expect(told).toEqual([one, one])
  })
})
