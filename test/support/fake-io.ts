import { PassThrough, Writable } from 'node:stream'
import type { CommandIo } from '../../cli/command.ts'
import { FakeScreen } from './fake-screen.ts'

/** A terminal with a person at it: `type` presses keys, `screen` is what is to be seen. */
export function fakeTerminal({ columns = 80, rows = 24 } = {}) {
  const screen = new FakeScreen(columns, rows)
  const modes: boolean[] = []
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => modes.push(isRaw),
  })
  const stdout = Object.assign(
    collector((text) => screen.write(text)),
    { isTTY: true, columns, rows },
  )
  const io: CommandIo = { stdin, stdout, stderr: stdout, isTerminal: true, hasColor: false }
  return { io, screen, modes, type: (keys: string) => void stdin.write(keys) }
}

/** A pipe on each side. */
export function fakePipe() {
  const seen = { stdout: '', stderr: '' }
  const stdin = new PassThrough()
  const stdout = collector((text) => {
    seen.stdout += text
  })
  const stderr = collector((text) => {
    seen.stderr += text
  })
  const io: CommandIo = { stdin, stdout, stderr, isTerminal: false, hasColor: false }
  return { io, seen, type: (text: string) => void stdin.write(text), end: () => void stdin.end() }
}

function collector(onText: (text: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      onText(String(chunk))
      done()
    },
  })
}
