// One process of `migrate.test.ts`: migrates the database named on its command line and prints what
// it applied.
import { migrate } from '../../database/migrate.ts'
import { openDatabase } from '../../database/open.ts'

const opened = await openDatabase({ postgresUrl: process.argv[2] ?? '' })
process.stdout.write(JSON.stringify(await migrate(opened)))
await opened.close()
