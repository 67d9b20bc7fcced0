const INT8 = 20
/** `date`, `timestamp`, `timestamptz`, `interval`, their arrays, and that of `numeric`. */
const WRITTEN = [1082, 1114, 1184, 1186, 1182, 1115, 1185, 1187, 1231]

/** Beyond 2^53 a number would be rounded: it stays text. */
const exactly = (text: string): unknown =>
  Number.isSafeInteger(Number(text)) ? Number(text) : text

/** Of SQL that is not ours: libraries such as drizzle read times and exact numbers themselves. */
export const FOREIGN_PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  [INT8]: exactly,
  ...Object.fromEntries(WRITTEN.map((oid) => [oid, (text: string): unknown => text])),
}
