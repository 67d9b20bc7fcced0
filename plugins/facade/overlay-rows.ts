import type { RecordWrite } from '../../agent/records.ts'

export type WriteOf<Kind extends RecordWrite['kind']> = Extract<RecordWrite, { kind: Kind }>

/** What the writes of a kind made of rows, in their order. */
export interface Changes<Row> {
  /** Puts what is written, and takes away what is removed. */
  apply(rows: Map<string, Row>, write: RecordWrite): void
  idOf(row: Row): string
}

/** The rows after the writes; `isAsked` decides again, for rows that came or changed. */
export function changed<Row>(
  rows: readonly Row[],
  written: readonly RecordWrite[],
  { apply, idOf }: Changes<Row>,
  isAsked: (row: Row) => boolean = () => true,
): Row[] {
  const byId = new Map(rows.map((row) => [idOf(row), row]))
  for (const write of written) apply(byId, write)
  return [...byId.values()].filter(isAsked)
}

/** Whether the row has the same value wherever the query has one. */
export const fits = <Key extends string>(
  row: { readonly [K in Key]?: unknown },
  query: { readonly [K in Key]?: unknown },
  keys: readonly Key[],
): boolean => keys.every((key) => query[key] === undefined || row[key] === query[key])

export const among = (list: readonly string[] | undefined, value: string): boolean =>
  list === undefined || list.includes(value)
