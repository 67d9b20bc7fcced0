import { createInterface, type Interface } from 'node:readline'
import { Writable } from 'node:stream'
import type { CommandIo, TerminalInput, TerminalOutput } from './command.ts'

/** Asks the terminal to mark where a paste begins and ends, so that its line feeds do not send it. */
const BRACKETED_PASTE = { on: '\x1b[?2004h', off: '\x1b[?2004l' }

/** A lone ESC is a key; the first byte of a longer key is followed by the rest sooner than this. */
const ESCAPE_TIMEOUT_MS = 50

export interface TypedLine {
  readonly text: string
  /** It was typed while an answer streamed, so nobody saw it yet. */
  readonly isUnseen: boolean
}

export interface InputListeners {
  onLine(line: TypedLine): void
  onEscape(): void
  onInterrupt(): void
  onEnd(): void
}

export interface TerminalLine {
  /** Shows the prompt with what was typed meanwhile, until a line is typed; then keys are kept unseen. */
  show(): void
  /** The cursor stands in it. */
  isShown(): boolean
  close(): void
}

/** The line at which a person types: editing, history and wide characters are readline's. */
export function openTerminalInput(
  { stdin, stdout }: CommandIo,
  prompt: string,
  listeners: InputListeners,
): TerminalLine {
  const curtain = createCurtain(stdout)
  const line = createInterface({
    input: stdin,
    output: curtain,
    terminal: true,
    prompt,
    escapeCodeTimeout: ESCAPE_TIMEOUT_MS,
  })
  curtain.isDown = true
  const forget = listen(stdin, line, { ...listeners, onLine: takeLine })
  function takeLine(text: string): void {
    const isUnseen = curtain.isDown
    curtain.isDown = true
    listeners.onLine({ text, isUnseen })
  }
  stdout.write(BRACKETED_PASTE.on)
  return {
    show() {
      curtain.isDown = false
      line.prompt(true)
    },
    isShown: () => !curtain.isDown,
    close() {
      forget()
      line.close()
      curtain.letGo()
      stdout.write(BRACKETED_PASTE.off)
    },
  }
}

interface KeyListeners extends Omit<InputListeners, 'onLine'> {
  /** Several lines when they were pasted together. */
  onLine(text: string): void
}

function listen(
  stdin: TerminalInput,
  line: Interface,
  { onLine, onEscape, onInterrupt, onEnd }: KeyListeners,
): () => void {
  let pasted: string[] = []
  let isPasting = false
  const onKey = (_text: string | undefined, key: { name?: string }) => {
    if (key.name === 'paste-start') isPasting = true
    else if (key.name === 'paste-end') isPasting = false
    else if (key.name === 'escape') onEscape()
  }
  stdin.on('keypress', onKey)
  line.on('line', (row) => {
    pasted.push(row)
    if (isPasting) return
    const whole = pasted.join('\n')
    pasted = []
    onLine(whole)
  })
  line.on('SIGINT', onInterrupt)
  line.on('close', onEnd)
  return () => stdin.off('keypress', onKey)
}

interface Curtain extends Writable {
  isDown: boolean
  letGo(): void
}

/**
 * The terminal as readline sees it. Behind the closed curtain nothing is drawn, and the screen is
 * endlessly wide, so that readline will not move up over rows that it never wrote.
 */
function createCurtain(stdout: TerminalOutput): Curtain {
  let isDown = false
  const curtain = new Writable({
    decodeStrings: false,
    write(chunk, encoding, done) {
      // Not waited for: what is drawn before the curtain falls must not be held back until it is down.
      if (!isDown) stdout.write(chunk, encoding)
      done()
    },
  })
  const onResize = () => curtain.emit('resize')
  stdout.on('resize', onResize)
  Object.defineProperties(curtain, {
    isTTY: { value: true },
    columns: { get: () => (isDown ? Number.POSITIVE_INFINITY : stdout.columns) },
    letGo: { value: () => stdout.off('resize', onResize) },
    isDown: {
      get: () => isDown,
      set: (value: boolean) => {
        isDown = value
      },
    },
  })
  return curtain as Curtain // with what the lines above define
}
