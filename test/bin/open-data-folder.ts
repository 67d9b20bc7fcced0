/** A process that opens the data folder in argv[2] when told to, says how it went, and stays. */
import { once } from 'node:events'
import { openDataFolder } from '../../bin/data-folder.ts'

const say = (line: string) => process.stdout.write(`${line}\n`)

say('ready')
await once(process.stdin, 'data')
try {
  await openDataFolder(process.argv[2] ?? '')
  say('won')
} catch (error) {
  say(`lost ${error instanceof Error ? error.message : error}`)
}
setInterval(() => {}, 60_000)
