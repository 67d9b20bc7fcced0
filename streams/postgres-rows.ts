import type pg from 'pg'
import type { TurnState } from '../schema/turn.ts'
import type { StreamEvent, StreamPosition } from './turn-stream.ts'

/** The largest `integer`: behind every attempt and every seq of its generation. */
const LAST = 2_147_483_647
/** A statement that takes longer is given up, with its connection. */
const STATEMENT_TIMEOUT_MS = 5_000

/**
 * A row of `stream_chunks`: the chunks of an attempt that went out together, under the seq of the
 * first, or the ending. An ending stands behind all attempts of its generation, whichever it names.
 */
export interface StreamRow extends StreamPosition {
  readonly turnId: string
  readonly event: RowEvent
}

type RowEvent =
  | { readonly kind: 'chunks'; readonly texts: string[]; readonly isEncoded?: true }
  | { readonly kind: 'settled'; readonly state: TurnState; readonly at: StreamPosition }

export interface PublishedEvent {
  readonly turnId: string
  readonly event: StreamEvent
}

/** Chunks of one attempt that follow each other become one row. */
export function toRows(published: readonly PublishedEvent[]): StreamRow[] {
  const rows: StreamRow[] = []
  const open = new Map<string, StreamRow>()
  for (const { turnId, event } of published) {
    if (event.kind === 'settled') {
      rows.push(settledRow(turnId, event))
      continue
    }
    const row = open.get(turnId)
    if (row?.event.kind === 'chunks' && continues(row, row.event.texts.length, event)) {
      row.event.texts.push(event.text)
      continue
    }
    const { gen, attempt, seq } = event
    const started: StreamRow = {
      ...{ turnId, gen, attempt, seq },
      event: { kind: 'chunks', texts: [event.text] },
    }
    open.set(turnId, started)
    rows.push(started)
  }
  return rows
}

const continues = (row: StreamRow, length: number, next: StreamPosition): boolean =>
  row.gen === next.gen && row.attempt === next.attempt && row.seq + length === next.seq

function settledRow(
  turnId: string,
  { gen, attempt, seq, state }: Extract<StreamEvent, { kind: 'settled' }>,
): StreamRow {
  const at = { gen, attempt, seq }
  return { turnId, gen, attempt: LAST, seq: LAST, event: { kind: 'settled', state, at } }
}

export function toEvents({ event, gen, attempt, seq }: StreamRow): StreamEvent[] {
  if (event.kind === 'settled') return [{ ...event.at, kind: 'settled', state: event.state }]
  const texts = event.isEncoded ? event.texts.map(decode) : event.texts
  return texts.map((text, index) => ({ kind: 'chunk', gen, attempt, seq: seq + index, text }))
}

/**
 * `jsonb` refuses NUL and lone surrogates, and a vendor may well cut a chunk in the middle of an
 * emoji: such texts travel as base64 of their UTF-16, and arrive as they were.
 */
function storable(row: StreamRow): StreamRow {
  if (row.event.kind !== 'chunks' || row.event.texts.every(isStorable)) return row
  return { ...row, event: { kind: 'chunks', isEncoded: true, texts: row.event.texts.map(encode) } }
}

const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0')
const encode = (text: string): string => Buffer.from(text, 'utf16le').toString('base64')
const decode = (text: string): string => Buffer.from(text, 'base64').toString('utf16le')

/** May run twice: rows that are there stay. */
export async function insertRows(pool: pg.Pool, rows: readonly StreamRow[]): Promise<void> {
  await pool.query(
    timed(
      `insert into stream_chunks (turn_id, gen, attempt, seq, event)
       select "turnId", gen, attempt, seq, event
       from jsonb_to_recordset($1) as r("turnId" uuid, gen int, attempt int, seq int, event jsonb)
       on conflict do nothing`,
      [JSON.stringify(rows.map(storable))],
    ),
  )
}

/**
 * Tells every other process that listens to one of the turns. 200 ids of 36 letters and a comma stay
 * below the 7,999 bytes of a notice.
 *
 * A statement of its own, after the insert is committed: a listener that registers too late to be
 * seen here reads the buffer after its registration, and finds the rows there.
 */
export async function notifyListeners(
  pool: pg.Pool,
  turnIds: readonly string[],
  ownChannel: string,
): Promise<void> {
  await pool.query(
    timed(
      `select pg_notify(channel, string_agg(turn_id::text, ','))
       from (
         select channel, turn_id,
           (row_number() over (partition by channel order by turn_id) - 1) / 200 as page
         from stream_listeners where turn_id = any($1::uuid[]) and channel <> $2
       ) as listening
       group by channel, page`,
      [turnIds, ownChannel],
    ),
  )
}

/** The turns that a notice names. */
export const noticedTurns = (payload: string | undefined): string[] => payload?.split(',') ?? []

export interface ReadFrom extends StreamPosition {
  readonly turnId: string
}

/** The rows behind each turn's position, by turn and in order. */
export async function readRows(pool: pg.Pool, from: readonly ReadFrom[]): Promise<StreamRow[]> {
  const { rows } = await pool.query<StreamRow>(
    timed(
      `select c.turn_id as "turnId", c.gen, c.attempt, c.seq, c.event
       from unnest($1::uuid[], $2::int[], $3::int[], $4::int[]) as f (turn_id, gen, attempt, seq)
       join stream_chunks c on c.turn_id = f.turn_id
         and (c.gen, c.attempt, c.seq) > (f.gen, f.attempt, f.seq)
       order by c.turn_id, c.gen, c.attempt, c.seq`,
      [
        from.map(({ turnId }) => turnId),
        from.map(({ gen }) => gen),
        from.map(({ attempt }) => attempt),
        from.map(({ seq }) => seq),
      ],
    ),
  )
  return rows
}

/** May run twice: it renews. */
export async function register(pool: pg.Pool, channel: string, turnIds: string[]): Promise<void> {
  await pool.query(
    timed(
      `insert into stream_listeners (turn_id, channel)
       select turn_id, $1 from unnest($2::uuid[]) as t (turn_id) order by turn_id
       on conflict (turn_id, channel) do update set created_at = clock_timestamp()`,
      [channel, turnIds],
    ),
  )
}

export async function unregister(pool: pg.Pool, channel: string, turnIds: string[]): Promise<void> {
  await pool.query(
    timed('delete from stream_listeners where channel = $1 and turn_id = any($2::uuid[])', [
      channel,
      turnIds,
    ]),
  )
}

/** Removes every registration of a process that ends. */
export async function unregisterAll(pool: pg.Pool, channel: string): Promise<void> {
  await pool.query(timed('delete from stream_listeners where channel = $1', [channel]))
}

/** By the indexes on age, at most 5,000 rows at a time, and never waiting for another sweep. */
export async function sweepOldRows(pool: pg.Pool): Promise<void> {
  for (const table of ['stream_chunks', 'stream_listeners']) {
    await pool.query(
      timed(
        `delete from ${table} where ctid = any(array(
           select ctid from ${table} where created_at < now() - interval '10 minutes'
           limit 5000 for update skip locked))`,
        [],
      ),
    )
  }
}

const timed = (text: string, values: unknown[]) => ({
  text,
  values,
  query_timeout: STATEMENT_TIMEOUT_MS,
})
