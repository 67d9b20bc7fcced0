import { setTimeout as delay } from 'node:timers/promises'
import { isRunning, type ProcessIdentity } from './process-table.ts'

/** The dev server needs about a second for an orderly end. */
const ORDERLY_END_MS = 5_000
const POLL_MS = 20

/** SIGTERM, then SIGKILL after 5 s. Does nothing to another process that has got the pid since. */
export async function endProcess(identity: ProcessIdentity): Promise<void> {
  signal(identity, 'SIGTERM')
  if (await hasEnded(identity, ORDERLY_END_MS)) return
  signal(identity, 'SIGKILL')
  if (await hasEnded(identity, ORDERLY_END_MS)) return
  throw new Error(`The process ${identity.pid} did not end, not even by SIGKILL.`)
}

/** For an 'exit' handler, which cannot wait: what is not over at once would outlive its parent. */
export function killNow(identity: ProcessIdentity): void {
  signal(identity, 'SIGKILL')
}

function signal(identity: ProcessIdentity, name: NodeJS.Signals): void {
  if (!isRunning(identity)) return
  try {
    process.kill(identity.pid, name)
  } catch {
    // It ended between the question and the signal.
  }
}

async function hasEnded(identity: ProcessIdentity, limitMs: number): Promise<boolean> {
  const end = Date.now() + limitMs
  while (isRunning(identity)) {
    if (Date.now() >= end) return false
    await delay(POLL_MS)
  }
  return true
}
