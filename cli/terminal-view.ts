import { clearScreenDown, cursorTo, moveCursor } from 'node:readline'
import type { AnswerView, ChatView } from './chat-view.ts'
import type { CommandIo, TerminalOutput } from './command.ts'
import { displayRows } from './display-rows.ts'
import { createLineQueue } from './line-queue.ts'
import { createPaint, type Paint } from './paint.ts'
import { printable, printableLine } from './printable.ts'
import { openTerminalInput, type TypedLine } from './terminal-input.ts'

/** A chat on a terminal. What is typed while an answer streams is kept and shown after it. */
export function openTerminal(io: CommandIo): ChatView {
  const { stdout } = io
  const paint = createPaint(io.hasColor)
  const lines = createLineQueue<TypedLine>()
  const keys: { escape: () => void; interrupt: () => void } = {
    escape: () => undefined,
    interrupt: () => undefined,
  }
  const you = `${paint.name('You')}: `
  const input = openTerminalInput(io, you, {
    onLine: (line) => lines.push(line),
    onEscape: () => keys.escape(),
    onInterrupt: () => keys.interrupt(),
    onEnd: () => lines.end(),
  })
  input.hide()
  const write = (text: string) => void stdout.write(text)
  let isClosed = false
  return {
    note: (text) => write(`${paint.dim(printable(text))}\n`),
    said: (name, text) => write(`${paint.name(printableLine(name))}: ${printable(text)}\n`),
    answer: (name) => growingAnswer(stdout, printableLine(name), paint),
    async read() {
      if (!lines.isReady()) input.show()
      const line = await lines.next()
      input.hide()
      if (line?.isUnseen) write(`${you}${printable(line.text)}\n`)
      return line?.text
    },
    onEscape: (listener) => {
      keys.escape = listener
    },
    onInterrupt: (listener) => {
      keys.interrupt = listener
    },
    close() {
      if (isClosed) return
      isClosed = true
      input.close()
    },
  }
}

/** An answer at the bottom of the screen, which can be taken back as long as its first row is visible. */
function growingAnswer(stdout: TerminalOutput, name: string, paint: Paint): AnswerView {
  const draw = (text: string) => void stdout.write(`${paint.name(name)}: ${text}`)
  let shown = ''
  draw('')
  return {
    show(text) {
      const wanted = printable(text)
      if (wanted.startsWith(shown)) stdout.write(wanted.slice(shown.length))
      else {
        takeBack(stdout, `${name}: ${shown}`)
        draw(wanted)
      }
      shown = wanted
    },
    finish: () => void stdout.write('\n'),
  }
}

/** Clears `text`, which ends at the cursor. What has left the screen stays: then a new line begins. */
function takeBack(stdout: TerminalOutput, text: string): void {
  const up = displayRows(text, stdout.columns ?? 80) - 1
  if (up >= (stdout.rows ?? Number.POSITIVE_INFINITY)) {
    stdout.write('\n')
    return
  }
  moveCursor(stdout, 0, -up)
  cursorTo(stdout, 0)
  clearScreenDown(stdout)
}
