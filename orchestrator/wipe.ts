import type { Kysely } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { AgentActs } from './agent-acts.ts'
import type { GlobalPlugins } from './given-plugins.ts'
import { nameOf } from './given-plugins.ts'
import type { Roster } from './roster.ts'
import type { GlobalServices } from './services.ts'

export interface WipedParts {
  readonly db: Kysely<Database>
  readonly roster: Roster
  readonly acts: AgentActs
  readonly globalPlugins: GlobalPlugins
  readonly services: GlobalServices
}

/** Every agent with what belongs to it, all channels with their messages, global plugins and services. */
export async function wipe(parts: WipedParts): Promise<void> {
  const { db, roster, acts, globalPlugins, services } = parts
  for (const { id } of roster.all()) await acts.remove(id)
  await db.deleteFrom('channels').execute()
  for (const plugin of globalPlugins.all()) globalPlugins.remove(nameOf(plugin))
  await services.stopAll()
}
