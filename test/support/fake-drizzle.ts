import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Has the members that the tests use, and counts how often a database is made. */
const SOURCE = `
let made = 0
exports.drizzle = (callback) => {
  made += 1
  return {
    made: () => made,
    all: async (sql, ...params) => (await callback(sql, params, 'all')).rows,
    execute: async (sql) => (await callback(sql, [], 'execute')).rows,
  }
}
`

/** Puts a `drizzle-orm` into a folder, whose driver speaks SQL only. */
export async function installFakeDrizzle(folder: string): Promise<void> {
  const place = join(folder, 'node_modules', 'drizzle-orm')
  await mkdir(place, { recursive: true })
  const manifest = {
    name: 'drizzle-orm',
    version: '0.0.0',
    exports: { './pg-proxy': './proxy.cjs' },
  }
  await writeFile(join(place, 'package.json'), JSON.stringify(manifest))
  await writeFile(join(place, 'proxy.cjs'), SOURCE)
}

export interface FakeDrizzle {
  made(): number
  all(sql: string, ...params: readonly unknown[]): Promise<unknown[][]>
  execute(sql: string): Promise<{
    rows: Record<string, unknown>[]
    rowCount: number
    [row: number]: Record<string, unknown>
  }>
  transaction<T>(
    work: (tx: FakeDrizzle & { rollback(): never }) => Promise<T>,
    config?: object,
  ): Promise<T>
}
