import type { ChatView } from './chat-view.ts'
import type { CommandIo } from './command.ts'
import { type GrowingAnswer, growingAnswer } from './growing-answer.ts'
import { createLineQueue } from './line-queue.ts'
import { createPaint } from './paint.ts'
import { printable, printableLine } from './printable.ts'
import { openTerminalInput, type TypedLine } from './terminal-input.ts'

/** A chat on a terminal. What is typed while an answer streams is kept and shown after it. */
export function openTerminal(io: CommandIo): ChatView {
  const { stdout } = io
  const paint = createPaint(io.hasColor)
  const lines = createLineQueue<TypedLine>()
  const keys: { escape?: () => void; interrupt?: () => void } = {}
  const you = `${paint.name('You')}: `
  const input = openTerminalInput(io, you, {
    onLine: (line) => lines.push(line),
    onEscape: () => keys.escape?.(),
    onInterrupt: () => keys.interrupt?.(),
    onEnd: () => lines.end(),
  })
  const write = (text: string) => void stdout.write(text)
  const asNote = (text: string) => `${paint.dim(printable(text))}\n`
  let growing: GrowingAnswer | undefined
  let isClosed = false
  return {
    note(text) {
      if (growing) growing.putAbove(asNote(text))
      else write(asNote(text))
    },
    said: (name, text) => write(`${paint.name(printableLine(name))}: ${printable(text)}\n`),
    answer(name) {
      const answer = growingAnswer(stdout, printableLine(name), paint)
      growing = answer
      const finish = () => {
        answer.finish()
        growing = undefined
      }
      return { ...answer, finish }
    },
    async read() {
      if (!lines.isReady()) input.show()
      const line = await lines.next()
      if (line?.isUnseen) write(`${you}${printable(line.text)}\n`)
      return line?.text
    },
    onEscape(listener) {
      keys.escape = listener
    },
    onInterrupt(listener) {
      keys.interrupt = listener
    },
    close(lastWord) {
      if (isClosed) return
      isClosed = true
      if (growing || input.isShown()) write('\n')
      if (lastWord) write(asNote(lastWord))
      input.close()
    },
  }
}
