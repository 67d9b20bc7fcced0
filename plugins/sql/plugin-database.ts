import type { ForeignSql } from '../../schema/foreign-sql.ts'
import { boundedMap } from '../facade/bounded-map.ts'
import { placeOf } from '../facade/place.ts'
import { type PermissionBook, refusal } from '../permissions/permission-book.ts'
import { isNamed } from '../permissions/permissions.ts'
import { PluginError } from '../plugin-error.ts'
import { currentScope, outsideScope } from '../scope.ts'
import { asDrizzle, type Drizzle, memberOf } from './drizzle.ts'
import { lazyObject } from './lazy-object.ts'
import { sessionStatement } from './session-statements.ts'
import { transactionOf } from './transaction.ts'

const MAX_DATABASES = 100

export interface PluginDatabaseInput {
  readonly sql: ForeignSql
  readonly book: Pick<PermissionBook, 'of'>
  /** From the plugin's own folder, or where plugins are installed. Undefined: not installed. */
  loadDrizzle(folder: string | null): Drizzle | undefined
  /** Where plugins are installed, for whoever has to install it. */
  readonly kitFolder: string
}

/**
 * ElizaOS's `runtime.db`: a drizzle database, made by the drizzle-orm of the plugin that uses it. What is
 * written there commits at once, also within a turn.
 *
 * @throws {PluginError} from its members: no drizzle-orm, not permitted, the turn was cut off.
 */
export function createPluginDatabase(input: PluginDatabaseInput): object {
  const made = boundedMap<Made>(MAX_DATABASES)
  return lazyObject((name) => {
    allowed(input)
    const folder = folderOf(input)
    const one = made.get(folder ?? '') ?? make(input, folder)
    made.set(folder ?? '', one)
    return name === 'transaction' ? one.transaction : memberOf(one.db, name)
  })
}

interface Made {
  readonly db: object
  readonly transaction: unknown
}

function make(input: PluginDatabaseInput, folder: string | null): Made {
  const { sql, loadDrizzle, kitFolder } = input
  // Ours, not the member's: its files are free to us within a turn too.
  const drizzle = outsideScope(() => loadDrizzle(folder))
  if (!drizzle) throw failed(missing(kitFolder))
  // A plugin may keep what it got, so each statement is looked at when it is made.
  const check = (statement: string) => {
    allowed(input)
    const word = sessionStatement(statement)
    if (word) throw failed(`'${word.toUpperCase()}' is refused in 'runtime.db'. ${INSTEAD}`)
  }
  const db = drizzle(
    asDrizzle(async (statement, parameters) => {
      check(statement)
      return sql.session((query) => query(statement, parameters))
    }),
  )
  const begin = transactionOf({
    ...{ sql, drizzle, check },
    failed: (what) => failed(`The transaction of 'runtime.db' ${what}.`),
  })
  return { db, transaction: begin }
}

function allowed({ book }: PluginDatabaseInput): void {
  const scope = currentScope()
  if (!scope) return
  placeOf(scope.agentId)
  const { tables, rooms } = book.of(scope).permissions
  if (!isNamed(tables, '*')) {
    throw refusal(scope, "use 'runtime.db', whose SQL reaches all tables ('*')", 'tables')
  }
  if (rooms !== 'agent') {
    throw refusal(scope, "use 'runtime.db', whose SQL reaches all rooms ('agent')", 'rooms')
  }
}

function folderOf({ book }: PluginDatabaseInput): string | null {
  const scope = currentScope()
  return scope ? book.of(scope).folder : null
}

function failed(what: string): PluginError {
  const scope = currentScope()
  const said = scope ? `The plugin '${scope.plugin}' (${scope.member}): ` : ''
  return new PluginError(scope?.plugin ?? 'runtime', `${said}${what}`)
}

const INSTEAD =
  'It would outlive its statement. Use db.transaction(async (tx) => …) for statements that belong together.'

const missing = (folder: string) =>
  "'runtime.db' needs 'drizzle-orm', which cannot be loaded. Install it where plugins are: " +
  `npm install --prefix '${folder}' drizzle-orm`
