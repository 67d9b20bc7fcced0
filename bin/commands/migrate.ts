import { type CommandInput, EXIT } from '../../cli/command.ts'
import { migrate } from '../../database/migrate.ts'
import { openDatabase } from '../../database/open.ts'
import { openDataFolder } from '../data-folder.ts'

/** Brings the schema up to date, in Postgres or in the data folder. */
export async function run({ config, io }: CommandInput): Promise<number> {
  if (config.postgresUrl) {
    return apply({ postgresUrl: config.postgresUrl, poolSize: config.postgresPool }, io)
  }
  const folder = await openDataFolder(config.dataDir)
  try {
    return await apply({ dataDir: folder.path }, io)
  } finally {
    folder.release()
  }
}

async function apply(
  options: Parameters<typeof openDatabase>[0],
  { stdout }: CommandInput['io'],
): Promise<number> {
  const database = await openDatabase(options)
  try {
    const applied = await migrate(database)
    const news = applied.length > 0 ? `Applied: ${applied.join(', ')}.` : 'Nothing to do.'
    stdout.write(`The schema of ${database.name} is up to date. ${news}\n`)
    return EXIT.ok
  } finally {
    await database.close()
  }
}
