import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { findRig, PROGRAM } from './find-server-rig.ts'

const rig = findRig()

describe('the official download', () => {
  it('asks as the SDK does', async () => {
    const { url, asked } = await rig.officialHost(rig.archiveOf())
    await rig.find({ officialUrl: url })
    const arch = process.arch === 'x64' ? 'amd64' : process.arch
    const query = Object.fromEntries(asked[0]?.searchParams ?? [])
    expect(asked.map(({ pathname }) => pathname)).toEqual([
      '/cli/default',
      '/archives/temporal.tar.gz',
    ])
    expect(query).toMatchObject({ arch, platform: process.platform, 'sdk-name': 'sdk-typescript' })
  })

  it('unpacks the one file and makes it executable', async () => {
    const { url } = await rig.officialHost(rig.archiveOf())
    const { path } = await rig.find({ officialUrl: url })
    expect(readFileSync(path, 'utf8')).toBe(PROGRAM)
    expect(execFileSync(path, { encoding: 'utf8' })).toContain('1.9.1')
  })

  it('unpacks a zip archive too', async () => {
    const content = mkdtempSync(join(rig.folder, 'zip-'))
    writeFileSync(join(content, 'temporal'), PROGRAM)
    execFileSync('python3', ['-m', 'zipfile', '-c', 'a.zip', 'temporal'], { cwd: content })
    const { url } = await rig.officialHost(readFileSync(join(content, 'a.zip')), 'temporal.zip')
    const { path } = await rig.find({ officialUrl: url })
    expect(readFileSync(path, 'utf8')).toBe(PROGRAM)
  })

  it.each<[string, () => Buffer, RegExp]>([
    ['is no archive', () => Buffer.from('<html>Sign in to the network</html>'), /header check/],
    ['lacks the file', () => rig.archiveOf('other'), /has no entry 'temporal'/],
    ['is cut short', () => rig.archiveOf().subarray(0, 150), /unexpected end of file/],
  ])('that %s leaves nothing in the cache', async (_name, archive, reason) => {
    const { url } = await rig.officialHost(archive())
    await expect(rig.find({ officialUrl: url, wheel: undefined })).rejects.toThrow(reason)
    expect(rig.cachedFiles()).toEqual([])
  })

  it('that answers with something else than expected says so', async () => {
    const url = await rig.serve((_request, response) => response.end('{"archiveUrl": 7}'))
    await expect(rig.find({ officialUrl: url, wheel: undefined })).rejects.toThrow(/archiveUrl/)
  })

  it('is given up when nobody answers within the limit', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const { wheel, path } = rig.wheelByPip()
    const began = performance.now()
    const downloads = { officialUrl: `http://127.0.0.1:${port}`, connectLimitMs: 250, wheel }
    expect((await rig.find(downloads, path)).source).toBe('wheel')
    expect(performance.now() - began).toBeGreaterThanOrEqual(240)
    expect(performance.now() - began).toBeLessThan(3_000)
    expect(rig.progress[1]).toContain('no answer within 0.25 s')
    silent.close()
  })

  it('is given up when the archive stops arriving', async () => {
    const url = await rig.serve((request, response) => {
      if (request.url?.startsWith('/cli')) {
        response.end(JSON.stringify({ archiveUrl: `${url}/a.tar.gz`, fileToExtract: 'temporal' }))
      } else response.write(rig.archiveOf().subarray(0, 100))
    })
    const failing = rig.find({ officialUrl: url, stallLimitMs: 250, wheel: undefined })
    await expect(failing).rejects.toThrow('no answer within 0.25 s')
  })
})
