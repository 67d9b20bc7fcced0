/** What of a drizzle snapshot is looked at. */
export interface SchemaSnapshot {
  readonly id: string
  readonly tables: Readonly<
    Record<string, { readonly name: string; readonly columns: Readonly<Record<string, unknown>> }>
  >
}

/**
 * What a change might be a rename of: where something leaves and something else comes, drizzle asks a
 * person at a terminal, and nobody sits there. Empty: the statements say all.
 */
export function possibleRenames(before: SchemaSnapshot, after: SchemaSnapshot): string[] {
  const tables = movedNames(before.tables, after.tables)
  const found = tables.isAmbiguous ? [`the tables ${named(tables)}`] : []
  for (const [key, { name, columns }] of Object.entries(after.tables)) {
    const moved = movedNames(before.tables[key]?.columns ?? columns, columns)
    if (moved.isAmbiguous) found.push(`columns of '${name}': ${named(moved)}`)
  }
  return found
}

interface Moved {
  readonly gone: readonly string[]
  readonly come: readonly string[]
  readonly isAmbiguous: boolean
}

function movedNames(before: object, after: object): Moved {
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(after, name))
  const come = Object.keys(after).filter((name) => !Object.hasOwn(before, name))
  return { gone, come, isAmbiguous: gone.length > 0 && come.length > 0 }
}

const named = ({ gone, come }: Moved) => `${gone.join(', ')} left, ${come.join(', ')} came`

/** Statements that lose what is stored, or may. */
export const destructive = (statements: readonly string[]): string[] =>
  statements.filter((statement) =>
    /\b(drop\s+(table|column|schema|type|view|sequence)|truncate|set\s+data\s+type)\b/i.test(
      statement,
    ),
  )
