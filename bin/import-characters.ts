import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loadCharacterFiles } from '../agent/characters/load.ts'
import type { AgentStore } from './agent-store.ts'

/** The characters that ship with the program, for folders without their own. */
const SHIPPED = fileURLToPath(new URL('../characters', import.meta.url))
const FOLDER = 'characters'

/** Parts of a character that are stored and that nothing reads so far. */
const NOT_YET = ['knowledge'] as const

/**
 * Imports the named files, or the folder `characters/`, and says what could not be used.
 * @returns the ids of the agents, in the order of their files.
 */
export async function importCharacters(
  agents: AgentStore,
  files: readonly string[],
  say: (text: string) => void,
): Promise<string[]> {
  const paths = characterPaths(files)
  const { characters, problems } = await loadCharacterFiles(paths)
  const ids: string[] = []
  for (const loaded of characters) {
    ids.push(await agents.importFile(loaded))
    for (const key of NOT_YET) {
      if (loaded.character[key]?.length)
        say(`'${loaded.file}': \`${key}\` is kept, but not loaded yet.`)
    }
  }
  for (const problem of problems) say(problem.message)
  if (ids.length === 0 && files.length > 0) throw new NoCharacterError(files)
  return ids
}

/** Where the characters of this process come from. */
export const characterPaths = (files: readonly string[]): readonly string[] =>
  files.length > 0 ? files : [existsSync(FOLDER) ? FOLDER : SHIPPED]

/** Files were named, and none of them can be run. */
export class NoCharacterError extends Error {
  override readonly name = 'NoCharacterError'

  constructor(files: readonly string[]) {
    const names = files.map((file) => `'${file}'`).join(', ')
    super(
      `None of the character files ${names} can be used. What is wrong with each is said above.`,
    )
  }
}
