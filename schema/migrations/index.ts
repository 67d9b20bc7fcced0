import type { Migration } from 'kysely/migration'
import * as firstTurn from './0001-first-turn.ts'
import * as overlap from './0002-overlap.ts'
import * as outbox from './0003-outbox.ts'
import * as approvals from './0004-approvals.ts'
import * as deadLetters from './0005-dead-letters.ts'
import * as forks from './0006-forks.ts'
import * as modelCalls from './0007-model-calls.ts'
import * as limits from './0008-limits.ts'
import * as records from './0009-records.ts'
import * as tasks from './0010-tasks.ts'
import * as agentTalk from './0011-agent-talk.ts'
import * as pluginSchemas from './0012-plugin-schemas.ts'

/** Every migration, by the name that is recorded in the database, in order. */
export const migrations: Record<string, Migration> = {
  '0001-first-turn': firstTurn,
  '0002-overlap': overlap,
  '0003-outbox': outbox,
  '0004-approvals': approvals,
  '0005-dead-letters': deadLetters,
  '0006-forks': forks,
  '0007-model-calls': modelCalls,
  '0008-limits': limits,
  '0009-records': records,
  '0010-tasks': tasks,
  '0011-agent-talk': agentTalk,
  '0012-plugin-schemas': pluginSchemas,
}
