import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A process and everything it started, as the operating system sees it now. */
export function processTree(pid: number): number[] {
  const lines = execFileSync('ps', ['-e', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
  const parents = lines.map((line) => line.trim().split(/\s+/).map(Number))
  const tree = [pid]
  for (const known of tree) {
    for (const [child, parent] of parents) if (parent === known && child) tree.push(child)
  }
  return tree
}

const TICKS_PER_SECOND = 100 // USER_HZ of every Linux that Node runs on

/** Milliseconds of processor time of all processes of a tree so far. Linux only. */
export function cpuMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuOf(pid), 0)
}

function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name may contain blanks; the fields behind its bracket do not. utime and stime are 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND
}

/** Resident memory of all processes of a tree, in MiB. */
export function residentMib(pids: readonly number[]): number {
  const kib = pids.map(
    (pid) => /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1],
  )
  return kib.reduce((sum, value) => sum + Number(value ?? 0), 0) / 1024
}
