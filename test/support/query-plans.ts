import { type CompiledQuery, Kysely, PostgresDialect } from 'kysely'
import type pg from 'pg'
import type { Database } from '../../schema/database.ts'

/** How Postgres reads a table for a statement. */
export interface Plan {
  /** Names of the indexes that are used. */
  readonly indexes: readonly string[]
  /** Tables that are read from end to end. */
  readonly scanned: readonly string[]
  /** Rows that were read by table, those that a filter dropped included. Only of what ran. */
  readonly read: Readonly<Record<string, number>>
}

/** Runs `work` and returns the plans of the statements it sent, in their order; `work` is rolled back. */
export async function plansOf(
  pool: pg.Pool,
  work: (db: Kysely<Database>) => Promise<unknown>,
): Promise<Plan[]> {
  const statements: CompiledQuery[] = []
  const db = new Kysely<Database>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }) => void statements.push(query),
  })
  await work(db)
  const client = await pool.connect()
  try {
    const plans: Plan[] = []
    for (const { sql, parameters } of statements.filter(({ sql }) => EXPLAINABLE.test(sql))) {
      plans.push(await explain(client, sql, [...parameters]))
    }
    return plans
  } finally {
    client.release()
  }
}

const EXPLAINABLE = /^\s*(select|with|insert|update|delete)/i
const WRITES = /\b(insert|update|delete)\b(?! *$)/i

/** Statements that write are planned only: what they did stands already. */
async function explain(client: pg.PoolClient, sql: string, parameters: unknown[]): Promise<Plan> {
  const isRead = !WRITES.test(sql.replace(/for (no key )?update/i, ''))
  const options = isRead ? 'analyze, timing off, format json' : 'format json'
  const { rows } = await client.query(`explain (${options}) ${sql}`, parameters)
  return summarize(rows[0]['QUERY PLAN'][0].Plan)
}

/** Of Postgres' plan what is looked at here. */
interface Node {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Actual Rows'?: number
  readonly 'Actual Loops'?: number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly Node[]
}

function summarize(root: Node): Plan {
  const nodes = flatten(root)
  const read: Record<string, number> = {}
  for (const node of nodes) {
    const table = node['Relation Name']
    if (table === undefined || node['Actual Rows'] === undefined) continue
    const rows = node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)
    read[table] = (read[table] ?? 0) + rows * (node['Actual Loops'] ?? 1)
  }
  return {
    indexes: nodes.flatMap((node) => node['Index Name'] ?? []),
    scanned: nodes.flatMap((node) =>
      node['Node Type'] === 'Seq Scan' ? (node['Relation Name'] ?? []) : [],
    ),
    read,
  }
}

const flatten = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(flatten)]
