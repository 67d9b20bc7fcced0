import { type CommandInput, EXIT } from '../../cli/command.ts'
import { createPaint } from '../../cli/paint.ts'
import { printableJson, printableLine } from '../../cli/printable.ts'

/** Prints every setting, where its value comes from, and names that mean nothing. */
export async function run({ loaded, values, io }: CommandInput): Promise<number> {
  const { entries, warnings } = loaded
  if (values.json) {
    io.stdout.write(`${printableJson({ entries, warnings })}\n`)
    return EXIT.ok
  }
  const paint = createPaint(io.hasColor)
  const nameWidth = Math.max(...entries.map(({ name }) => name.length))
  for (const { name, value, source, description } of entries) {
    const isSet = source !== 'default'
    const line = `${name.padEnd(nameWidth)}  ${source.padEnd(11)}  ${printableLine(value)}`
    io.stdout.write(`${isSet ? paint.name(line) : line}\n${paint.dim(`  ${description}`)}\n`)
  }
  for (const warning of warnings)
    io.stderr.write(`${paint.warning(`warning: ${printableLine(warning)}`)}\n`)
  return EXIT.ok
}
