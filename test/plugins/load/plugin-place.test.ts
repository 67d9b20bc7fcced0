import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from '@jest/globals'
import { findPlugin } from '../../../plugins/load/plugin-place.ts'

const home = realpathSync(mkdtempSync(join(tmpdir(), 'turnkeeper-place-')))
afterAll(() => rmSync(home, { recursive: true }))
for (const folder of ['project', 'elsewhere', 'characters']) mkdirSync(join(home, folder))
writeFileSync(join(home, 'elsewhere', 'evil.js'), '')
writeFileSync(join(home, 'characters', 'near.js'), '')
symlinkSync(join(home, 'elsewhere', 'evil.js'), join(home, 'project', 'link.js'))

const find = (asked: string, characterFolders: readonly string[] = []) =>
  findPlugin(asked, {
    ...{ projectFolder: join(home, 'project'), dataFolder: join(home, 'data'), characterFolders },
  })

it.each([
  join(home, 'elsewhere', 'evil.js'),
  '../elsewhere/evil.js',
  `file://${home}/elsewhere/evil.js`,
  './link.js',
  '../elsewhere/nothing.js',
  '/nowhere/at/all.js',
])('takes no plugin from outside of the project: %s', (asked) => {
  expect(() => find(asked)).toThrow(/lies outside of the project's folder/)
})

it('takes one from the folder of a character file', () => {
  const path = join(home, 'characters', 'near.js')
  expect(() => find(path)).toThrow(/outside/)
  expect(find(path, [join(home, 'characters')]).entry).toBe(path)
})
