import { loadCharacterFiles } from '../../agent/characters/load.ts'
import { apiAddress } from '../../cli/api-address.ts'
import { createApi } from '../../cli/api-client.ts'
import { UsageError } from '../../cli/arguments.ts'
import { type CommandInput, EXIT } from '../../cli/command.ts'
import { type NewFork, startFork, waitForDiff } from '../../cli/fork.ts'
import { renderDiff } from '../../cli/fork-diff.ts'
import { createPaint } from '../../cli/paint.ts'
import { printableJson, printableLine } from '../../cli/printable.ts'
import { listenForShutdown } from '../shutdown.ts'

/** Runs a turn again in a shadow room, and shows what came out differently. */
export async function forkTurn(input: CommandInput): Promise<number> {
  const { config, values, positionals, io } = input
  const { model, from } = values
  const options = { model, from, character: await characterOf(values) }
  const [turnId = ''] = positionals
  io.stderr.write('The turn runs again in a shadow room. ')
  io.stderr.write(
    'Nothing is sent, and no action with an effect is carried out; model calls cost.\n',
  )
  const { forkId } = await startFork(createApi(apiAddress(config)), turnId, options)
  io.stderr.write(`fork ${forkId}\n`)
  return showDiff(input, forkId)
}

/** Shows what a fork did differently, once it has ended. */
export const diffTurn = (input: CommandInput): Promise<number> =>
  showDiff(input, input.positionals[0] ?? '')

async function showDiff({ config, values, io }: CommandInput, forkId: string): Promise<number> {
  const leaving = listenForShutdown()
  try {
    const diff = await waitForDiff(createApi(apiAddress(config)), forkId, {
      signal: leaving.signal,
      onStep: (step) => void io.stderr.write(`  ${printableLine(step)}\n`),
      onAway: (error) => void io.stderr.write(`${String(error)} Asking again …\n`),
    })
    if (!diff) {
      io.stderr.write(`The fork goes on without you. Later: turnkeeper turn diff ${forkId}\n`)
      return EXIT.failed
    }
    const text = values.json ? printableJson(diff) : renderDiff(diff, createPaint(io.hasColor))
    io.stdout.write(`${text}\n`)
    return diff.state === 'replied' || diff.state === 'ignored' ? EXIT.ok : EXIT.failed
  } finally {
    leaving.release()
  }
}

/** @throws {UsageError} several files. @throws {CharacterError} it cannot be used. */
async function characterOf({ character }: CommandInput['values']): Promise<NewFork['character']> {
  if (character.length === 0) return undefined
  const { characters, problems } = await loadCharacterFiles(character)
  if (problems[0]) throw problems[0]
  if (characters.length !== 1) {
    throw new UsageError(
      `turn fork takes one character, but --character names ${characters.length}. ` +
        "The turn's id stands before --character.",
    )
  }
  return characters[0]?.character
}
