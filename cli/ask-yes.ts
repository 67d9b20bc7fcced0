import { createInterface } from 'node:readline/promises'
import type { CommandIo } from './command.ts'

/** Asks a person; anything but `y` or `yes` is a no, and so are Ctrl-C and the end of the input. */
export async function asksYes({ stdin, stdout }: CommandIo, question: string): Promise<boolean> {
  const line = createInterface({ input: stdin, output: stdout })
  const leaving = new AbortController()
  const leave = () => leaving.abort()
  line.once('SIGINT', leave)
  line.once('close', leave)
  try {
    const answer = await line.question(`${question} [y/N] `, { signal: leaving.signal })
    return /^y(es)?$/i.test(answer.trim())
  } catch (error) {
    if (!leaving.signal.aborted) throw error
    stdout.write('\n')
    return false
  } finally {
    line.close()
  }
}
