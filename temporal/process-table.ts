import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** What tells a process from a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number
  /** Opaque; equal only for the same process. Empty where the platform does not tell (Windows). */
  readonly startedAt: string
}

/** Undefined when no such process runs (one that ended but was not reaped does not run). */
export function identify(pid: number): ProcessIdentity | undefined {
  if (process.platform === 'linux') return identifyByProc(pid)
  if (process.platform === 'win32') return isAlive(pid) ? { pid, startedAt: '' } : undefined
  const startedAt = ps(['-o', 'lstart=', '-p', `${pid}`]).trim()
  return startedAt ? { pid, startedAt } : undefined
}

export function isRunning({ pid, startedAt }: ProcessIdentity): boolean {
  return identify(pid)?.startedAt === startedAt
}

/** The command line, its arguments separated by one character. Empty when it cannot be read. */
export function commandLineOf(pid: number): string {
  if (process.platform === 'linux') return readOrEmpty(`/proc/${pid}/cmdline`)
  if (process.platform === 'win32') return ''
  return ps(['-ww', '-o', 'args=', '-p', `${pid}`])
}

/** Every process whose command line contains all `parts`. Empty on Windows, which is not asked. */
export function processesNaming(...parts: readonly string[]): readonly number[] {
  return allPids().filter((pid) => {
    const commandLine = commandLineOf(pid)
    return parts.every((part) => commandLine.includes(part))
  })
}

/** Ticks since boot (field 22), with the boot's id: a pid and its ticks can recur after a reboot. */
function identifyByProc(pid: number): ProcessIdentity | undefined {
  const stat = readOrEmpty(`/proc/${pid}/stat`)
  // The name in parentheses may contain anything; the fields after it start with the 3rd, the state.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = fields[19]
  if (!ticks || fields[0] === 'Z' || fields[0] === 'X') return undefined
  return { pid, startedAt: `${readOrEmpty('/proc/sys/kernel/random/boot_id').trim()}:${ticks}` }
}

function allPids(): readonly number[] {
  if (process.platform === 'win32') return []
  const names =
    process.platform === 'linux' ? readdirSync('/proc') : ps(['-ax', '-o', 'pid=']).split('\n')
  return names.map(Number).filter((pid) => Number.isInteger(pid) && pid > 0)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** `ps` exits with 1 when no process matches. The locale would change how it writes a date. */
function ps(args: readonly string[]): string {
  try {
    const env = { ...process.env, LC_ALL: 'C' }
    return execFileSync('ps', args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return ''
  }
}
