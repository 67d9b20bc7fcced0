import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { main } from '../../../bin/cli.ts'
import { NpmError, runNpm } from '../../../bin/npm.ts'
import { lookUpPlugin } from '../../../bin/plugin-package.ts'
import { asksYes } from '../../../cli/ask-yes.ts'
import { createPaint } from '../../../cli/paint.ts'
import { renderOffer, renderPlugins } from '../../../cli/plugin-view.ts'
import { loadInProcess, projectOf } from '../../plugins/load/load-in-process.ts'
import { fakePipe, fakeTerminal } from '../../support/fake-io.ts'

const manifest = {
  ...{ name: 'turnkeeper-plugin-tiny', version: '1.2.3', license: 'MIT', type: 'module' },
  scripts: { install: 'node script.cjs', prepare: 'node script.cjs' },
}
const FILES = {
  'tiny/package.json': JSON.stringify(manifest),
  'tiny/index.js': `export default { name: 'tiny', actions: [] }\n`,
  'tiny/script.cjs': `require('node:fs').writeFileSync(process.env.HOME + '/ran', '')\n`,
}

let project: ReturnType<typeof projectOf>
beforeAll(() => {
  project = projectOf(FILES)
})
afterAll(() => project.remove())

async function run(...words: readonly string[]) {
  const { io, seen } = fakePipe()
  const env = { TURNKEEPER_DATA_DIR: join(project.folder, 'data') }
  const code = await main(words, { ...io, env })
  return { code, ...seen }
}

const tiny = () => join(project.folder, 'tiny')

describe('turnkeeper plugin', () => {
  it('installs nothing without consent, and says what it would', async () => {
    const { code, stdout, stderr } = await run('plugin', 'add', tiny())
    expect(code).toBe(2)
    expect(stderr).toContain('add --yes')
    expect(stdout).toMatch(
      /^Package {2}turnkeeper-plugin-tiny 1\.2\.3\nLicence {2}MIT\nSize {5}0\.\d kB/,
    )
    expect(stdout).toContain('Needs    no other package\nScripts  not run\n')
    expect(existsSync(join(project.folder, 'data'))).toBe(false)
  })

  it('adds what agents can load, lists it, and removes it', async () => {
    const added = await run('plugin', 'add', tiny(), '--yes')
    expect(added).toMatchObject({ code: 0, stderr: '' })
    expect(added.stdout).toContain(
      'Installed turnkeeper-plugin-tiny 1.2.3. Name it in a character\'s plugins: "turnkeeper-plugin-tiny".',
    )
    const [loaded] = await loadInProcess({ folder: project.folder, steps: [{ load: 'tiny' }] })
    expect(loaded).toMatchObject({ name: 'tiny', version: '1.2.3' })
    const { stdout } = await run('plugin', 'list', '--json', '--api-url', 'http://127.0.0.1:9')
    expect(JSON.parse(stdout)).toEqual([
      { name: 'turnkeeper-plugin-tiny', version: '1.2.3', licence: 'MIT', usedBy: null },
    ])
    expect(await run('plugin', 'remove', 'tiny')).toMatchObject({
      ...{ code: 0, stdout: 'Removed turnkeeper-plugin-tiny.\n' },
    })
    expect((await run('plugin', 'list')).stdout).toContain('No plugin is installed.')
    expect((await run('plugin', 'remove', 'tiny')).code).toBe(4)
  })

  it('names who uses a plugin', () => {
    const row = { version: '1.0.0', licence: 'MIT' }
    const listed = renderPlugins(
      [
        { ...row, name: 'turnkeeper-plugin-a', usedBy: ['Ada', 'Bob'] },
        { ...row, name: 'b', usedBy: [] },
        { name: 'c', version: null, licence: null, usedBy: null },
      ],
      createPaint(false),
    )
    expect(listed.split('\n')).toEqual([
      'turnkeeper-plugin-a  1.0.0  MIT  used by Ada, Bob',
      'b                    1.0.0  MIT  not used',
      'c                    not complete: add it again',
    ])
  })

  it.each(['--prefix=/', 'a;b', 'a@b@c', 'a@--x', '@', 'a b', './not-there', 'A', 'git+ssh://x'])(
    'does not ask npm for what is no package: %s',
    async (typed) => {
      await expect(lookUpPlugin(typed, project.folder)).rejects.toThrow(
        expect.objectContaining({ name: 'UsageError' }),
      )
    },
  )

  it('runs no scripts of packages, unless they are allowed', async () => {
    const { HOME } = process.env
    const home = join(project.folder, 'home')
    mkdirSync(home)
    process.env.HOME = home
    try {
      await run('plugin', 'add', tiny(), '--yes')
      expect(existsSync(join(home, 'ran'))).toBe(false)
      const { stdout } = await run('plugin', 'add', tiny(), '--yes', '--allow-scripts')
      expect(stdout).toContain('Scripts  run while it is installed')
      expect(existsSync(join(home, 'ran'))).toBe(true)
    } finally {
      process.env.HOME = HOME
    }
  })

  it('cannot hide escape sequences in what a person agrees to', () => {
    const odd = { version: '1', licence: '\x1b[2K', unpackedBytes: 2_500_000, dependencies: 2 }
    const offer = renderOffer({ ...odd, name: 'a' }, { folder: '/d', allowsScripts: false })
    expect(offer).not.toContain('\x1b')
    expect(offer).toContain('2.5 MB unpacked')
    expect(offer).toContain('2 other packages, and what these need')
  })
})

describe('a question', () => {
  it.each([
    ['y\n', true],
    ['YES\n', true],
    ['n\n', false],
    ['\n', false],
    ['maybe\n', false],
  ])('is agreed to by y or yes alone: %j', async (typed, expected) => {
    const { io, type } = fakeTerminal()
    const answer = asksYes(io, 'Install it?')
    type(typed)
    expect(await answer).toBe(expected)
  })

  it('is answered with no by Ctrl-C', async () => {
    const { io, type } = fakeTerminal()
    const answer = asksYes(io, 'Install it?')
    type('\x03')
    expect(await answer).toBe(false)
  })
})

describe('npm', () => {
  const folder = () => {
    const path = join(project.folder, 'npm')
    mkdirSync(path, { recursive: true })
    return path
  }

  it('is told nothing but what it needs, and its own tokens', async () => {
    writeFileSync(
      join(folder(), 'package.json'),
      JSON.stringify({ scripts: { told: 'node -p "JSON.stringify(process.env)"' } }),
    )
    const env = {
      ...{ ...process.env, OPENAI_API_KEY: 'sk-1', SECRET_SALT: 's', NPM_TOKEN: 'n' },
      ...{ 'CHARACTER.ADA.CITY': 'c', REDIS_URL: 'redis://user:word@host' },
    }
    const out = await runNpm(['run', '--silent', 'told'], { cwd: folder(), env })
    const told = JSON.parse(out)
    expect([told.OPENAI_API_KEY, told.SECRET_SALT, told.NPM_TOKEN]).toEqual([
      ...[undefined, undefined, 'n'],
    ])
    expect([told['CHARACTER.ADA.CITY'], told.REDIS_URL]).toEqual([undefined, undefined])
  })

  it('that fails is quoted', async () => {
    const failed = runNpm(['run', 'nothing-of-the-kind'], { cwd: folder() })
    await expect(failed).rejects.toThrow(NpmError)
    await expect(failed).rejects.toThrow(/^'npm run' failed:\n.*nothing-of-the-kind/s)
  })

  it('that is not there is named', async () => {
    const nothing = runNpm(['view'], { cwd: folder(), env: { PATH: folder() } })
    await expect(nothing).rejects.toThrow('npm could not be started (ENOENT). It comes with Node')
  })
})
