import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { startPostgres } from '../../test/support/postgres.ts'
import { say } from '../client.ts'
import { type Figure, round } from '../figures.ts'
import { openHouse } from '../house.ts'

/**
 * SQL round trips of an ordinary turn, by `pg_stat_statements` on a real Postgres. All of the turn is
 * counted, what follows the reply included, so the figure errs on the high side.
 */
export async function measureStatements(port: number, turns: number): Promise<Figure[]> {
  const postgres = await startPostgres()
  const url = await postgres.createDatabase()
  const house = await openHouse({
    port,
    env: { POSTGRES_URL: url, SECRET_SALT: 'bench', TURNKEEPER_SWEEP_INTERVAL_MS: '600000' },
  })
  const client = new pg.Client({ connectionString: url })
  try {
    await client.connect()
    await client.query('create extension if not exists pg_stat_statements')
    const channel = randomUUID()
    for (let warm = 0; warm < 10; warm += 1) await say(house, channel, 'warm-up')
    await client.query('select pg_stat_statements_reset()')
    const times: number[] = []
    for (let n = 0; n < turns; n += 1) times.push((await say(house, channel, 'hello')).ms)
    const { rows } = await client.query<{ calls: string }>(
      `select sum(calls) as calls from pg_stat_statements s join pg_database d on d.oid = s.dbid
       where d.datname = current_database() and query not like '%pg_stat_statements%'
         and query not like '%stream_%' and query not like '%pg_notify%'`,
    )
    const perTurn = round(Number(rows[0]?.calls) / turns, 1)
    return [
      {
        what: 'SQL round trips per turn (Postgres, BEGIN and COMMIT counted)',
        budget: '≤ 20 before the reply',
        measured: `${perTurn}`,
        isMet: perTurn <= 20,
        numbers: {
          perTurn,
          replyP50Ms: round(times.sort((a, b) => a - b)[times.length >> 1] ?? 0, 1),
        },
      },
    ]
  } finally {
    await client.end()
    await house.stop()
    await postgres.stop()
  }
}
