import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

const LIMIT_MS = 150_000

/**
 * What ElizaOS's own runtime makes of the same, in a process of its own.
 * @throws it ended without a result: with the end of what it wrote
 */
export async function runUpstream<T>(what: 'probes' | 'tests'): Promise<T> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'upstream-process.ts'), what], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
  })
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)])
  const line = out.trimEnd().split('\n').at(-1) ?? ''
  try {
    return JSON.parse(line) as T // of upstream-process.ts
  } catch (cause) {
    const end = `${out}\n${error}`.slice(-1_500)
    throw new Error(`ElizaOS's runtime gave no result:\n${end}`, { cause })
  }
}
