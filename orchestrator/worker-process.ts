import { spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { WorkerProcess } from './cluster.ts'

const PROGRAM = fileURLToPath(new URL('../bin/turnkeeper.js', import.meta.url))

/** What a worker gets beyond its drain: to close its connections. */
const CLOSE_MS = 10_000

/**
 * `turnkeeper worker` with these settings. Its log goes to our stderr. It is tied to this process by a
 * channel: when we are killed without a chance to end it, it ends by itself.
 */
export function spawnWorker(env: NodeJS.ProcessEnv, drainMs: number): WorkerProcess {
  const child = spawn(process.execPath, [PROGRAM, 'worker'], {
    env,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'))
    child.once('error', (error) => resolve(error.message))
  })
  return {
    pid: child.pid ?? 0,
    ended,
    async end() {
      child.kill('SIGTERM')
      const late = delay(drainMs + CLOSE_MS, 'late' as const, { ref: false })
      if ((await Promise.race([ended, late])) === 'late') child.kill('SIGKILL')
      await ended
    },
  }
}
