import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'

const LAUNCHER = fileURLToPath(new URL('../../bin/turnkeeper.js', import.meta.url))

/** The machine's own Node, as a person outside an npm script would get it. */
function machineNode(): { path: string; version: string } | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const outside = folders.filter((folder) => !folder.includes('node_modules'))
  for (const folder of outside) {
    try {
      const path = join(folder, 'node')
      return { path, version: execFileSync(path, ['--version'], { encoding: 'utf8' }).trim() }
    } catch {
      // Not in this folder.
    }
  }
  return undefined
}

const node = machineNode()
const [major = 0, minor = 0] = (node?.version.slice(1) ?? '0').split('.').map(Number)
const isOld = node !== undefined && (major < 22 || (major === 22 && minor < 12))
const onOldNode = isOld ? describe : describe.skip

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function ended(child: ChildProcess): Promise<Ended> {
  const said = { stdout: '', stderr: '' }
  child.stdout?.on('data', (text) => {
    said.stdout += text
  })
  child.stderr?.on('data', (text) => {
    said.stderr += text
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...said })))
}

const start = (args: readonly string[], options: { cwd?: string } = {}) =>
  spawn(node?.path ?? '', args, { stdio: 'pipe', ...options })

/** A copy of the launcher with a `cli.ts` of our own behind it. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'turnkeeper-launcher-'))
  mkdirSync(join(folder, 'bin'))
  cpSync(LAUNCHER, join(folder, 'bin', 'turnkeeper.js'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
})
afterEach(() => rmSync(folder, { recursive: true }))

function withCli(source: string): string {
  writeFileSync(join(folder, 'bin', 'cli.ts'), source)
  return join(folder, 'bin', 'turnkeeper.js')
}

/** As npm would have put it: hoisted, so that only resolution finds it. */
function withBundledNode(): void {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const home = join(folder, 'node_modules', name)
  mkdirSync(join(home, 'bin'), { recursive: true })
  writeFileSync(join(home, 'package.json'), JSON.stringify({ name }))
  writeFileSync(join(home, 'bin', 'node'), `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, {
    mode: 0o755,
  })
}

describe('the launcher', () => {
  it('is a program of its own', async () => {
    const child = spawn(process.execPath, [LAUNCHER, '--version'], { stdio: 'pipe' })
    expect(await ended(child)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d/) })
  })
})

onOldNode('the launcher on an old Node', () => {
  it('runs the command on the Node that npm brought', async () => {
    const { code, stdout } = await ended(start([LAUNCHER, 'doctr']))
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    const { stdout: version } = await ended(start([LAUNCHER, '--version']))
    expect(version).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('passes arguments, input and the exit code through', async () => {
    withBundledNode()
    const launcher = withCli(`
      export async function main(argv: string[]): Promise<number> {
        for await (const text of process.stdin) process.stdout.write(String(text).toUpperCase())
        process.stdout.write(JSON.stringify([argv, Number(process.versions.node.split('.')[0]) >= 22]))
        return 42
      }`)
    const child = start([launcher, 'a b', '--c=*'])
    const end = ended(child)
    child.stdin?.end('hello ')
    expect(await end).toMatchObject({ code: 42, stdout: 'HELLO [["a b","--c=*"],true]' })
  })

  const waiting = (onSignal: string) => `
    export async function main(): Promise<number> {
      const { promise, resolve } = Promise.withResolvers<number>()
      const stay = setInterval(() => {}, 1000)
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        process.on(signal, () => { ${onSignal}; clearInterval(stay); resolve(7) })
      }
      process.stdout.write('ready')
      return promise
    }`

  it.each(['SIGTERM', 'SIGINT'] as const)('passes %s on and waits for the end', async (signal) => {
    withBundledNode()
    const child = start([withCli(waiting("process.stdout.write(' ' + signal)"))])
    child.stdout?.once('data', () => child.kill(signal))
    expect(await ended(child)).toMatchObject({ code: 7, stdout: `ready ${signal}` })
  })

  it('takes the command with it when it is killed', async () => {
    withBundledNode()
    const mark = join(folder, 'ended')
    const note = `require('node:fs').writeFileSync(${JSON.stringify(mark)}, signal)`
    const source = `import { createRequire } from 'node:module'
      const require = createRequire(import.meta.url)
      ${waiting(note)}`
    const child = start([withCli(source)])
    child.stdout?.once('data', () => child.kill('SIGKILL'))
    // The pipes close when the last process that holds them has ended.
    expect(await ended(child)).toMatchObject({ code: null })
    expect(execFileSync('cat', [mark], { encoding: 'utf8' })).toBe('SIGTERM')
  })

  it('says what to do when no fitting Node is there', async () => {
    const { code, stderr } = await ended(start([withCli('')]))
    expect(code).toBe(1)
    expect(stderr).toContain(`this is ${node?.version}`)
    expect(stderr).toContain("Run 'npm install'")
  })
})
