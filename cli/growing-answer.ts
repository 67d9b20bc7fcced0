import { clearScreenDown, cursorTo, moveCursor } from 'node:readline'
import type { AnswerView } from './chat-view.ts'
import type { TerminalOutput } from './command.ts'
import { displayRows } from './display-rows.ts'
import type { Paint } from './paint.ts'
import { printable } from './printable.ts'

export interface GrowingAnswer extends AnswerView {
  /** Writes something above what is shown. */
  putAbove(text: string): void
}

/** An answer at the bottom of the screen. It can be taken back while its first row is visible. */
export function growingAnswer(stdout: TerminalOutput, name: string, paint: Paint): GrowingAnswer {
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
    putAbove(text) {
      takeBack(stdout, `${name}: ${shown}`)
      stdout.write(text)
      draw(shown)
    },
    finish: () => void stdout.write('\n'),
  }
}

/** Clears `text`, which ends at the cursor. What has left the screen stays: then a new line begins. */
function takeBack(stdout: TerminalOutput, text: string): void {
  // A terminal that does not know its size says 0.
  const up = displayRows(text, stdout.columns || 80) - 1
  if (up >= (stdout.rows || 24)) {
    stdout.write('\n')
    return
  }
  moveCursor(stdout, 0, -up)
  cursorTo(stdout, 0)
  clearScreenDown(stdout)
}
