import { expect } from '@jest/globals'
import pg from 'pg'
import { migrate } from '../../database/migrate.ts'
import { openDatabase } from '../../database/open.ts'
import { createPostgresStream } from '../../streams/postgres.ts'
import type { StreamEvent, TurnStream } from '../../streams/turn-stream.ts'
import { startPostgres } from '../support/postgres.ts'
import { eventually, reader } from './reading.ts'

/** What one process of its own would open: a pool and a stream. Closing it twice does no harm. */
export async function openProcess(databaseUrl: string, processName = 'test') {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 3 })
  pool.on('error', () => undefined)
  const errors: unknown[] = []
  const stream = await createPostgresStream({
    ...{ pool, connect: databaseUrl, processName },
    onError: (error) => errors.push(error),
  })
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= stream.close().then(() => pool.end())
    return closed
  }
  return { stream, errors, close }
}

/** A migrated database on a server of its own, and a look into its tables. */
export async function openStreamDatabase() {
  const server = await startPostgres()
  const url = await server.createDatabase()
  const opened = await openDatabase({ postgresUrl: url })
  await migrate(opened)
  await opened.close()
  const admin = new pg.Pool({ connectionString: url, max: 2 })
  const count = async (statement: string, ...values: unknown[]): Promise<number> => {
    const { rows } = await admin.query<{ count: string }>(statement, values)
    return Number(rows[0]?.count)
  }
  return {
    url,
    admin,
    count,
    listenersOf: (id: string) =>
      count('select count(*) from stream_listeners where turn_id = $1', id),
    chunksOf: (id: string) => count('select count(*) from stream_chunks where turn_id = $1', id),
    close: () => admin.end().then(() => server.stop()),
  }
}

export type StreamDatabase = Awaited<ReturnType<typeof openStreamDatabase>>

/** A reader whose registration is in the database, so that notices must reach it. */
export async function liveReader(database: StreamDatabase, stream: TurnStream, turnId: string) {
  const live = reader(stream, turnId, AbortSignal.timeout(30_000))
  const first = live.next()
  await eventually(async () => expect(await database.listenersOf(turnId)).toBe(1))
  return { first, next: live.next }
}

export const chunk = (seq: number, text: string, attempt = 1): StreamEvent => ({
  ...{ kind: 'chunk', gen: 1, attempt, seq, text },
})
export const settled = (seq: number, attempt = 1): StreamEvent => ({
  ...{ kind: 'settled', state: 'replied', gen: 1, attempt, seq },
})
