import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A process of a test that reports line by line on its stdout. */
export interface LineProcess {
  readonly child: ChildProcess
  /** @throws when it ends without another line. */
  nextLine(): Promise<string>
  write(line: string): void
  kill(signal: NodeJS.Signals): Promise<void>
}

/** Runs a TypeScript file of the tests with this Node. */
export function startLineProcess(script: URL, args: readonly string[]): LineProcess {
  const child = spawn(process.execPath, [script.pathname, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const nextLine = async () => {
    const next = await lines.next()
    if (next.done) throw new Error(`'${script.pathname}' ended without another line.`)
    return next.value
  }
  const kill = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  return { child, nextLine, write: (line) => child.stdin.write(`${line}\n`), kill }
}
