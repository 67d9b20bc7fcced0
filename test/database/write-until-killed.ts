// The victim of `pglite.test.ts`: writes rows one by one and prints each number when it is committed.
import { sql } from 'kysely'
import { openDatabase } from '../../database/open.ts'

const { db } = await openDatabase({ dataDir: process.argv[2] ?? '' })
await sql`create table if not exists written (n int primary key, text text)`.execute(db)
const { rows } = await sql<{ n: number }>`select coalesce(max(n), 0) as n from written`.execute(db)
for (let n = (rows[0]?.n ?? 0) + 1; ; n += 1) {
  await db.transaction().execute(async (trx) => {
    await sql`insert into written values (${n}, 'half')`.execute(trx)
    await sql`update written set text = ${'x'.repeat(1_000)} where n = ${n}`.execute(trx)
  })
  process.stdout.write(`${n}\n`)
}
