import type { Migration } from 'kysely/migration'
import * as firstTurn from './0001-first-turn.ts'

/** Every migration, by the name that is recorded in the database, in order. */
export const migrations: Record<string, Migration> = {
  '0001-first-turn': firstTurn,
}
