import { execFile } from 'node:child_process'
import { describe, expect, it } from '@jest/globals'

const SCRIPT = new URL('../../support/sample-plugins/stray-process.ts', import.meta.url).pathname

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const run = (...args: string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const argv = ['--no-warnings', SCRIPT, ...args]
    execFile(process.execPath, argv, { timeout: 30_000 }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    )
  })

describe('a promise that nobody awaits and an error that nobody catches', () => {
  it('of a plugin name plugin, member and turn, and the process lives', async () => {
    const { code, stdout } = await run()
    const [line = '', alive] = stdout.split('\n')
    expect(JSON.parse(line)).toEqual({
      told: [
        "A rejected promise that nobody handles, from the action LOSE of the plugin 'stray'.",
        "An error that nobody handles, from the action LOSE of the plugin 'stray'.",
      ],
      ...{ isNamed: true, count: 2 },
    })
    expect([alive, code]).toEqual(['still alive', 0])
  })

  it.each([
    ['one house', '--own'],
    ['two houses', '--own', '--two'],
  ])('of our own end the process, as they would without the guard: %s', async (_, ...args) => {
    const { code, stdout, stderr } = await run(...args)
    expect(code).toBe(1)
    expect(stderr).toContain('of our own')
    expect(stdout).not.toContain('still alive')
  })
})
