import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from '@jest/globals'
import { migrate } from '../../database/migrate.ts'
import { type OpenDatabase, openDatabase } from '../../database/open.ts'
import { startPostgres, type TestPostgres } from './postgres.ts'

/**
 * Runs a suite twice, on PGlite and on Postgres. Each call of `open` gives a new, migrated database,
 * in about half a second, which is closed after the suite at the latest. One server per suite.
 */
export function describeDatabases(
  name: string,
  suite: (open: () => Promise<OpenDatabase>, kind: OpenDatabase['kind']) => void,
): void {
  describe(`${name}, on PGlite`, () => {
    const opener = closingOpener(openTestPglite)
    suite(opener.open, 'pglite')
    afterAll(opener.closeAll)
  })
  describe(`${name}, on Postgres`, () => {
    let server: TestPostgres
    beforeAll(async () => {
      server = await startPostgres()
    })
    const opener = closingOpener(() => openTestPostgres(server))
    suite(opener.open, 'postgres')
    afterAll(async () => {
      await opener.closeAll()
      await server.stop()
    })
  })
}

/** A new, migrated database on a running server. */
export async function openTestPostgres(
  server: TestPostgres,
  poolSize?: number,
): Promise<OpenDatabase> {
  const opened = await openDatabase({ postgresUrl: await server.createDatabase(), poolSize })
  await migrate(opened)
  return opened
}

/**
 * A new, migrated embedded database. Making a cluster takes three seconds, so that one is made once
 * per machine and copied; the copy is deleted by `close`.
 */
export async function openTestPglite(): Promise<OpenDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), 'turnkeeper-test-pglite-'))
  await cp(await pgliteTemplate(), dataDir, { recursive: true })
  const opened = await openDatabase({ dataDir })
  await migrate(opened)
  return {
    ...opened,
    close: async () => {
      await opened.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** A data folder with an empty, closed cluster. Copy it; do not open it. */
export async function pgliteTemplate(): Promise<string> {
  const folder = join(tmpdir(), `turnkeeper-pglite-${pgliteVersion()}`)
  if (existsSync(folder)) return folder
  const mine = await mkdtemp(`${folder}-`)
  const opened = await openDatabase({ dataDir: mine })
  await opened.close()
  try {
    await rename(mine, folder)
  } catch (error) {
    // Another test file was faster.
    await rm(mine, { recursive: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}

function pgliteVersion(): string {
  const url = new URL('../../node_modules/@electric-sql/pglite/package.json', import.meta.url)
  const { version }: { version: string } = JSON.parse(readFileSync(url, 'utf8'))
  return version
}

function closingOpener(open: () => Promise<OpenDatabase>) {
  const closes: (() => Promise<void>)[] = []
  return {
    open: async (): Promise<OpenDatabase> => {
      const opened = await open()
      let closing: Promise<void> | undefined
      const close = () => {
        closing ??= opened.close()
        return closing
      }
      closes.push(close)
      return { ...opened, close }
    },
    closeAll: async () => {
      for (const close of closes) await close()
    },
  }
}
