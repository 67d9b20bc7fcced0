import { type CommandInput, EXIT } from '../../cli/command.ts'
import { createPaint } from '../../cli/paint.ts'
import { printableJson, printableLine } from '../../cli/printable.ts'
import { examine } from '../doctor-checks.ts'

/** Says what fits and what does not, and what to do. Fails when something will not run. */
export async function run({ loaded, values, io }: CommandInput): Promise<number> {
  const findings = await examine(loaded)
  const exit = findings.some(({ state }) => state === 'fail') ? EXIT.failed : EXIT.ok
  if (values.json) {
    io.stdout.write(`${printableJson({ findings })}\n`)
    return exit
  }
  const paint = createPaint(io.hasColor)
  const colour = { ok: paint.good, warn: paint.warning, fail: paint.bad }
  for (const { name, state, message, advice } of findings) {
    const line = `${colour[state](state.padEnd(4))}  ${name.padEnd(11)}  ${printableLine(message)}`
    io.stdout.write(`${line}\n${advice ? `${' '.repeat(19)}${advice}\n` : ''}`)
  }
  return exit
}
