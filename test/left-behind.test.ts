import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from '@jest/globals'
import { endAll, leftBehind, RUN_VARIABLE } from './left-behind.ts'

const onLinux = process.platform === 'linux' ? it : it.skip
const started: ChildProcess[] = []
const SHORT_MS = 200

/** A process that says 'up' and then waits; its child does not carry the mark. */
async function startMarked(runId: string, script: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', script], {
    env: { ...process.env, [RUN_VARIABLE]: runId },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  started.push(child)
  if (child.stdout) await once(child.stdout, 'data')
  return child
}

const WAITS = `console.log('up'); setInterval(() => {}, 1000)`
const IGNORES_SIGTERM = `process.on('SIGTERM', () => {}); ${WAITS}`
const HAS_UNMARKED_CHILD = `
  require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(WAITS)}],
    { env: {}, stdio: ['ignore', 'inherit', 'ignore'] })
  setInterval(() => {}, 1000)`

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

describe('the look for processes after a test run', () => {
  onLinux('names a process of the run that still lives, and its unmarked child', async () => {
    const runId = randomUUID()
    const child = await startMarked(runId, HAS_UNMARKED_CHILD)
    const found = await leftBehind(runId, SHORT_MS)
    expect(found).toHaveLength(2)
    expect(found.map(({ pid }) => pid)).toContain(child.pid)
    expect(found[0]?.command).toContain(process.execPath)
    await endAll(found)
  })

  onLinux('does not see the processes of another run', async () => {
    await startMarked(randomUUID(), WAITS)
    expect(await leftBehind(randomUUID())).toEqual([])
  })

  onLinux('gives a process that is about to end the time to do so', async () => {
    const runId = randomUUID()
    await startMarked(runId, `console.log('up'); setTimeout(() => {}, 500)`)
    expect(await leftBehind(runId)).toEqual([])
  })

  onLinux('ends what ignores a polite request', async () => {
    const runId = randomUUID()
    await startMarked(runId, IGNORES_SIGTERM)
    await endAll(await leftBehind(runId, SHORT_MS), SHORT_MS)
    expect(await leftBehind(runId)).toEqual([])
  })
})
