import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { guardFiles } from '../../../plugins/permissions/guard-files.ts'
import { createPermissionBook } from '../../../plugins/permissions/permission-book.ts'
import { resolvePermissions } from '../../../plugins/permissions/permissions.ts'
import { inScope, type MemberScope, type TurnScope } from '../../../plugins/scope.ts'

const quiet = () => undefined
const LOG = { debug: quiet, info: quiet, error: quiet }
const FOLDERS = ['own', 'secret', 'granted', 'database', 'node_modules/pack']
const TURN = {} as TurnScope // that there is one is what counts

describe('files that a plugin touches for a message', () => {
  let home = ''
  let restore: () => void = quiet
  const warnings: string[] = []
  const at = (...parts: string[]) => join(home, ...parts)

  beforeAll(() => {
    home = fs.mkdtempSync(join(tmpdir(), 'turnkeeper-files-'))
    for (const folder of FOLDERS) fs.mkdirSync(at(folder), { recursive: true })
    for (const folder of FOLDERS) {
      fs.writeFileSync(at(folder, 'file'), folder)
    }
    fs.symlinkSync(at('secret', 'file'), at('own', 'link'))
  })
  afterAll(() => fs.rmSync(home, { recursive: true }))

  beforeEach(() => {
    const book = createPermissionBook()
    const { permissions } = resolvePermissions({
      ...{ plugin: 'acme', declared: undefined, granted: { paths: [at('granted')] } },
      configuredHosts: [],
    })
    book.set('agent', 'acme', { permissions, folder: at('own') })
    const log = { ...LOG, warn: (_: object, message: string) => void warnings.push(message) }
    restore = guardFiles({ book, log, open: [], internal: [at('database')] })
  })
  afterEach(() => {
    warnings.length = 0
    restore()
  })

  const within = <T>(work: () => T, turn: TurnScope | undefined = TURN) => {
    const scope: MemberScope = {
      ...{ agentId: 'agent', plugin: 'acme', member: 'action READ', state: 'open' },
      ...(turn && { turn }),
    }
    return inScope(scope, work)
  }

  it.each([
    ['readFileSync', (path: string) => fs.readFileSync(path)],
    ['promises.readFile', (path: string) => fs.promises.readFile(path)],
    ['createReadStream', (path: string) => fs.createReadStream(path)],
    ['openSync', (path: string) => fs.openSync(path, 'r')],
    ['copyFileSync', (path: string) => fs.copyFileSync(path, at('own', 'copy'))],
    ['writeFileSync', (path: string) => fs.writeFileSync(path, '')],
    ['a way around', (path: string) => fs.readFileSync(at('own', '..', path.slice(home.length)))],
    ['bytes as a path', (path: string) => fs.readFileSync(Buffer.from(path))],
    ['a link', () => fs.readFileSync(at('own', 'link'))],
  ])('are refused by name outside of what it has: %s', async (_, touch) => {
    await expect(within(() => touch(at('secret', 'file')))).rejects.toThrow(
      /The plugin 'acme' \(action READ\) may not use the path '.*' for a message.*\.paths/,
    )
    expect(fs.readFileSync(at('secret', 'file'), 'utf8')).toBe('secret')
  })

  it('are not there, which is said in the log', async () => {
    expect(await within(() => fs.existsSync(at('secret', 'file')))).toBe(false)
    expect(warnings).toEqual([expect.stringContaining('may not use the path')])
  })

  it('are its own in its folder and where it was granted them', async () => {
    const read = (...path: string[]) => within(() => fs.readFileSync(at(...path), 'utf8'))
    expect([await read('own', 'file'), await read('granted', 'file')]).toEqual(['own', 'granted'])
  })

  it('are ours where our code works for it, and it cannot read them whole', async () => {
    const use = await within(() => fs.openSync(at('database', 'file'), 'r'))
    fs.closeSync(use)
    await expect(within(() => fs.readFileSync(at('database', 'file')))).rejects.toThrow(/may not/)
  })

  it.each([
    ['copied', () => fs.copyFileSync(at('database', 'file'), at('own', 'copy'))],
    ['linked', () => fs.linkSync(at('database', 'file'), at('own', 'hard'))],
    ['opened by a promise', () => fs.promises.open(at('database', 'file'), 'r+')],
  ])('of ours are not %s, for then it could read them whole', async (_, touch) => {
    await expect(within(touch)).rejects.toThrow(/may not use the path/)
    expect(fs.readdirSync(at('own')).sort()).toEqual(['file', 'link'])
  })

  it('are read in packages, and never written there', async () => {
    const path = at('node_modules', 'pack', 'file')
    expect(await within(() => fs.readFileSync(path, 'utf8'))).toBe('node_modules/pack')
    await within(() => fs.closeSync(fs.openSync(path, 'r')))
    for (const touch of [
      () => fs.writeFileSync(path, ''),
      () => fs.openSync(path, 'w'),
      () => fs.promises.open(path, 'a'),
      () => fs.renameSync(at('own', 'file'), path),
      () => fs.rmSync(path),
    ]) {
      await expect(within(touch)).rejects.toThrow(/may not use the path/)
    }
  })

  it('are free outside of turns, and as before afterwards', async () => {
    const read = () => fs.readFileSync(at('secret', 'file'), 'utf8')
    const scope: MemberScope = {
      ...{ agentId: 'agent', plugin: 'acme', member: 'service docs', state: 'open' },
    }
    expect(await inScope(scope, read)).toBe('secret')
    restore()
    expect(await within(read)).toBe('secret')
  })
})
