import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { UsageError } from '../../cli/arguments.ts'
import { type CommandInput, EXIT } from '../../cli/command.ts'
import { shortName } from '../../plugins/load/plugin-name.ts'
import { writePluginTemplate } from '../plugin-template.ts'

/** Makes the folder of a new plugin, which runs and passes its tests as it is. */
export async function createPlugin({ positionals, io }: CommandInput): Promise<number> {
  const [typed = ''] = positionals
  const name = checkedName(typed)
  const folder = `plugin-${name}`
  makeFolder(folder)
  const files = writePluginTemplate(resolve(folder), name)
  io.stdout.write(
    [
      ...files.map((file) => `${folder}/${file}`),
      '',
      `Run its tests:   turnkeeper test ./${folder}`,
      `Talk to it:      cd ${folder} && turnkeeper dev --character character.json`,
      '',
    ].join('\n'),
  )
  return EXIT.ok
}

/** It becomes the name of a folder, of a package and of the plugin. */
function checkedName(typed: string): string {
  const name = shortName(typed)
  if (!typed.startsWith('@') && name.length <= 60 && /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name)) {
    return name
  }
  throw new UsageError(
    `'${typed}' cannot be the name of a plugin: give lower-case words with dashes between them, such as 'weather'.`,
  )
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder)
  } catch (error) {
    // Not `instanceof Error`: what Node's own modules throw may come from another realm.
    const code = typeof error === 'object' && error !== null && 'code' in error && error.code
    const isThere = code === 'EEXIST'
    if (!isThere) throw error
    throw new UsageError(
      `The folder '${resolve(folder)}' is there already, and nothing in it was changed. Give another name.`,
    )
  }
}
