import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createClient } from './client.ts'
import { type DevFolder, openDevFolder } from './dev-folder.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const NOT_COPIED = /^(node_modules|\.git|\.turnkeeper|test|docs|bench)$/

let dev: DevFolder
let url = ''
let turnId = ''
let copy = ''

beforeAll(async () => {
  dev = await openDevFolder()
  const api = await dev.start()
  url = api.url
  const { turnId: id } = await createClient(url).say(randomUUID(), 'hello')
  turnId = id
  copy = mkdtempSync(join(tmpdir(), 'turnkeeper-edited-'))
})

afterAll(async () => {
  rmSync(copy, { recursive: true, force: true })
  await dev?.close()
})

interface Ended {
  readonly code: number
  readonly output: string
}

/** `turnkeeper turn replay` of the project that stands in `root`. */
function replay(root: string): Promise<Ended> {
  const args = [join(root, 'bin', 'turnkeeper.js'), 'turn', 'replay', turnId]
  const env = { ...process.env, TURNKEEPER_API_URL: url }
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env, cwd: copy }, (error, stdout, stderr) => {
      const code = error ? Number(error.code ?? -1) : 0
      resolve({ code, output: stdout + stderr })
    })
  })
}

describe('turnkeeper turn replay', () => {
  it('says that a turn replays, and exits with 0', async () => {
    const { code, output } = await replay(ROOT)
    expect(output).toMatch(/^deterministic: /m)
    expect(code).toBe(0)
  })

  it('says "not deterministic" and exits with 5 after an edit of turn.ts', async () => {
    cpSync(ROOT, copy, {
      recursive: true,
      filter: (source) => !NOT_COPIED.test(source.slice(ROOT.length).split('/')[0] ?? ''),
    })
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction')
    const file = join(copy, 'workflows', 'turn.ts')
    const text = readFileSync(file, 'utf8')
    const edited = text.replace(
      'await steps.composeState(round, foreignProviders || more === true)',
      '',
    )
    expect(edited).not.toBe(text)
    writeFileSync(file, edited)

    const { code, output } = await replay(copy)
    expect(output).toMatch(/^not deterministic: /m)
    expect(code).toBe(5)
  })
})
