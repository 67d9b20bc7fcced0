import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { loadCharacterFiles } from '../../../agent/characters/load.ts'
import { main } from '../../../bin/cli.ts'
import { ROOT } from '../../deploy/compose-file.ts'
import { loadInProcess, projectOf } from '../../plugins/load/load-in-process.ts'
import { fakePipe } from '../../support/fake-io.ts'

const exec = promisify(execFile)

let project: ReturnType<typeof projectOf>
let before: string
beforeAll(() => {
  project = projectOf({})
  before = process.cwd()
  process.chdir(project.folder)
})
afterAll(() => {
  process.chdir(before)
  project.remove()
})

async function create(name: string) {
  const { io, seen } = fakePipe()
  const code = await main(['create', 'plugin', name], { ...io, env: {} })
  return { code, ...seen }
}

const types = (folder: string) =>
  exec(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder]).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  )

describe('turnkeeper create plugin', () => {
  it('makes a plugin that is loaded as it is, with a character that names it', async () => {
    const { code, stdout } = await create('sky-dice')
    expect(code).toBe(0)
    expect(stdout).toContain('plugin-sky-dice/src/index.ts\n')
    expect(stdout).toContain('turnkeeper test ./plugin-sky-dice\n')
    const folder = join(project.folder, 'plugin-sky-dice')
    const [loaded] = await loadInProcess({
      folder: project.folder,
      steps: [{ load: './plugin-sky-dice' }],
    })
    expect(loaded).toMatchObject({ name: 'sky-dice', version: '0.1.0', folder })
    const { characters, problems } = await loadCharacterFiles(join(folder, 'character.json'))
    expect(problems).toEqual([])
    expect(existsSync(join(folder, characters[0]?.character.plugins?.[0] ?? ''))).toBe(true)
  })

  it('makes a plugin whose types are checked', async () => {
    await create('typed')
    const folder = join(project.folder, 'plugin-typed')
    expect(await types(folder)).toBe('')
    const file = join(folder, 'src/index.ts')
    writeFileSync(file, readFileSync(file, 'utf8').replace('parameters.count', 'parameters.amount'))
    expect(await types(folder)).toContain("Property 'amount' does not exist")
  })

  it('takes the name of the plugin, of its package, or of its folder', async () => {
    expect((await create('turnkeeper-plugin-rain')).stdout).toContain('plugin-rain/package.json')
    const text = readFileSync(join(project.folder, 'plugin-rain/package.json'), 'utf8')
    expect(JSON.parse(text).name).toBe('turnkeeper-plugin-rain')
  })

  it('changes nothing in a folder that is there', async () => {
    await create('kept')
    const file = join(project.folder, 'plugin-kept/src/index.ts')
    writeFileSync(file, 'mine')
    const { code, stderr } = await create('kept')
    expect(code).toBe(2)
    expect(stderr).toContain("plugin-kept' is there already, and nothing in it was changed")
    expect(readFileSync(file, 'utf8')).toBe('mine')
  })

  it.each(['../up', 'a/b', '@acme/plugin-x', 'Two Words', '-x', 'a--b', 'x'.repeat(61)])(
    'refuses the name %s',
    async (name) => {
      const { code, stderr } = await create(name)
      expect(code).toBe(2)
      expect(stderr).toMatch(/cannot be the name of a plugin|There is no flag/)
    },
  )
})
