import { createInterface } from 'node:readline'
import type { ChatView } from './chat-view.ts'
import type { CommandIo } from './command.ts'
import { createLineQueue } from './line-queue.ts'
import { printable } from './printable.ts'

/** A chat without a terminal: a message per line in, only answers out; notes go to stderr. */
export function openPipe({ stdin, stdout, stderr }: CommandIo): ChatView {
  const lines = createLineQueue<string>()
  const input = createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY })
  input.on('line', (line) => lines.push(line))
  input.on('close', () => lines.end())
  return {
    note: (text) => void stderr.write(`${printable(text)}\n`),
    said: () => undefined, // a script asked for answers, not for what it already has
    answer() {
      let whole = ''
      return {
        show: (text) => {
          whole = text // printed when it is final, since a pipe takes nothing back
        },
        finish: () => void stdout.write(whole ? `${printable(whole)}\n` : ''),
      }
    },
    read: () => lines.next(),
    onEscape: () => undefined,
    onInterrupt: () => undefined,
    close(lastWord) {
      if (lastWord) stderr.write(`${printable(lastWord)}\n`)
      input.close()
    },
  }
}
