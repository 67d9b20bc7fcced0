import { PluginError } from '../plugin-error.ts'
import { destructive, possibleRenames, type SchemaSnapshot } from './schema-changes.ts'

/** The part of `drizzle-kit/api` that is used. */
export interface SchemaKit {
  generateDrizzleJson(
    schema: Readonly<Record<string, unknown>>,
    previousId?: string,
  ): SchemaSnapshot
  generateMigration(before: SchemaSnapshot, after: SchemaSnapshot): Promise<readonly string[]>
}

export interface SchemaStore {
  /** The snapshot that was applied last; undefined for a plugin that has none. */
  read(plugin: string): Promise<SchemaSnapshot | undefined>
  /**
   * Runs the statements and keeps the snapshot, all or nothing. False when another process was faster.
   * @throws the database's error
   */
  apply(plugin: string, change: SchemaChange): Promise<boolean>
  /** Tables that stand in the schema `public` and were not made by a plugin. */
  standingTables(): Promise<readonly string[]>
}

export interface SchemaChange {
  /** Of the snapshot that it starts from; null for the first. */
  readonly fromId: string | null
  readonly statements: readonly string[]
  readonly snapshot: SchemaSnapshot
}

export interface SchemaMigrator {
  readonly store: SchemaStore
  /** From the plugin's own folder, or where plugins are installed. Undefined: not installed. */
  loadKit(folder: string | null): Promise<SchemaKit | undefined>
  /** Where plugins are installed, for whoever has to install it. */
  readonly kitFolder: string
  /** Whether the operator agreed that this plugin's tables may lose data. */
  mayDestroy(plugin: string): boolean
}

/**
 * Brings a plugin's drizzle tables into the database, and to their new shape when it was updated.
 *
 * @throws {PluginError} drizzle-kit is missing, a table has the name of one of ours, the change might be a
 * rename, it would lose data and nobody agreed, or the database refused it. Nothing was changed then.
 */
export async function migrateSchema(
  { store, loadKit, kitFolder, mayDestroy }: SchemaMigrator,
  { name, schema, folder }: { name: string; schema: unknown; folder: string | null },
): Promise<void> {
  if (schema === null || typeof schema !== 'object') return
  const kit = await loadKit(folder)
  if (!kit) throw new PluginError(name, missingKit(name, kitFolder))
  const before = await store.read(name)
  const empty = kit.generateDrizzleJson({})
  const start = before ?? empty
  const after = kit.generateDrizzleJson({ ...schema }, start.id)
  refuseTaken(name, after, await store.standingTables())
  const renames = possibleRenames(start, after)
  if (renames.length > 0) throw new PluginError(name, ambiguous(name, renames))
  const statements = await kit.generateMigration(start, after)
  const losses = destructive(statements)
  if (losses.length > 0 && !mayDestroy(name)) throw new PluginError(name, lossy(name, losses))
  if (before && statements.length === 0) return
  await applied(store, name, { fromId: before?.id ?? null, statements, snapshot: after })
}

async function applied(store: SchemaStore, name: string, change: SchemaChange): Promise<void> {
  try {
    await store.apply(name, change)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new PluginError(
      name,
      `The tables of the plugin '${name}' could not be made: ${reason.slice(0, 300)}. Nothing was changed.`,
      { cause },
    )
  }
}

function refuseTaken(name: string, { tables }: SchemaSnapshot, standing: readonly string[]): void {
  const taken = Object.entries(tables).find(
    ([key, table]) => key === `public.${table.name}` && standing.includes(table.name),
  )
  if (!taken) return
  throw new PluginError(
    name,
    `The plugin '${name}' wants a table '${taken[1].name}', which stands in the database and is not its own. ` +
      'Use a version that keeps its tables in a schema of its own (pgSchema).',
  )
}

const missingKit = (name: string, folder: string) =>
  `The plugin '${name}' brings tables, and 'drizzle-kit' with 'drizzle-orm' cannot be loaded to make them. ` +
  `Install both where plugins are: npm install --prefix '${folder}' drizzle-kit drizzle-orm`

const ambiguous = (name: string, renames: readonly string[]) =>
  `The new tables of the plugin '${name}' may be renamed ones: ${renames.join('; ')}. Nothing was changed. ` +
  'Take two versions of the plugin: one that has the new beside the old and copies what is in it, then ' +
  `one without the old, for which TURNKEEPER_PLUGIN_DATA_LOSS=${name} is needed. That setting alone does ` +
  'not help here. Until then, go back to the version before.'

const lossy = (name: string, losses: readonly string[]) =>
  `The new tables of the plugin '${name}' would lose data: ${losses.join(' ').slice(0, 300)} Nothing was ` +
  `changed. Make a backup, then agree with TURNKEEPER_PLUGIN_DATA_LOSS=${name}.`
