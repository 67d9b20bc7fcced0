import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** Inherited by every process that a test starts. Does not begin like a setting, which would be reported. */
export const RUN_VARIABLE = 'TEST_RUN_OF_TURNKEEPER'

/** The time that processes get to end by themselves. */
const GRACE_MS = 3_000
const STEP_MS = 100

export interface RunningProcess {
  readonly pid: number
  readonly parent: number
  readonly command: string
  readonly state: string
  /** Ticks since boot: a process id may be given to somebody else, the pair is unique. */
  readonly startTime: string
}

/**
 * Processes of the run that still live after `graceMs`, and their descendants: a Postgres backend
 * overwrites its own environment, so only its parent carries the mark. Linux only.
 */
export async function leftBehind(
  runId: string,
  graceMs = GRACE_MS,
): Promise<readonly RunningProcess[]> {
  const deadline = Date.now() + graceMs
  for (;;) {
    const living = livingOf(runId)
    if (living.length === 0 || Date.now() > deadline) return living
    await pause(STEP_MS)
  }
}

/** Ends each by its id: politely, then after `graceMs` for good. */
export async function endAll(
  processes: readonly RunningProcess[],
  graceMs = GRACE_MS,
): Promise<void> {
  for (const left of processes) signal(left, 'SIGTERM')
  const deadline = Date.now() + graceMs
  while (processes.some(isSame) && Date.now() < deadline) await pause(STEP_MS)
  for (const left of processes) signal(left, 'SIGKILL')
}

function livingOf(runId: string): readonly RunningProcess[] {
  const names = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const living = names.map(readProcess).filter((found) => found !== undefined)
  const mark = `${RUN_VARIABLE}=${runId}`
  const ours = new Set(
    living.filter(({ pid }) => readProc(`${pid}/environ`).split('\0').includes(mark)),
  )
  // A descendant may be listed before its parent: repeat until a pass adds nothing.
  for (let before = -1; before !== ours.size; ) {
    before = ours.size
    const parents = new Set([...ours].map(({ pid }) => pid))
    for (const entry of living) if (parents.has(entry.parent)) ours.add(entry)
  }
  return [...ours]
}

/** Undefined for a process that is gone, a zombie included. */
function readProcess(name: string): RunningProcess | undefined {
  const stat = readProc(`${name}/stat`)
  // The command stands in parentheses and may itself contain spaces and parentheses.
  const close = stat.lastIndexOf(')')
  const [state = 'Z', parent, ...rest] = stat.slice(close + 2).split(' ')
  if (close === -1 || state === 'Z' || state === 'X') return undefined
  return {
    pid: Number(name),
    parent: Number(parent),
    command: readProc(`${name}/cmdline`).replaceAll('\0', ' ').trim() || stat.slice(0, close + 1),
    state,
    startTime: rest[17] ?? '',
  }
}

/** Empty for a process that has ended meanwhile or belongs to someone else. */
function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'latin1')
  } catch {
    return ''
  }
}

function isSame({ pid, startTime }: RunningProcess): boolean {
  return readProcess(String(pid))?.startTime === startTime
}

function signal(left: RunningProcess, name: NodeJS.Signals): void {
  if (!isSame(left)) return
  try {
    process.kill(left.pid, name)
  } catch (error) {
    // It ended between the two lines: what was wanted.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
