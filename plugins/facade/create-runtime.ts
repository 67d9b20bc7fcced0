import { PluginError } from '../plugin-error.ts'
import type { Runtime, RuntimeMembers } from '../runtime.ts'
import type { RuntimeHost } from '../runtime-host.ts'
import { lazyObject } from '../sql/lazy-object.ts'
import { type Access, createAccess } from './access.ts'
import { resultsOf } from './action-results.ts'
import { boundedMap } from './bounded-map.ts'
import { cacheMembers } from './cache.ts'
import { componentMembers } from './components.ts'
import { connectionMembers } from './connection.ts'
import { entityMembers } from './entities.ts'
import { evaluateOf } from './evaluate.ts'
import { eventMembers } from './events.ts'
import type { RecordGuard } from './guarded-records.ts'
import { lifeCycleMembers } from './life-cycle.ts'
import { logMembers } from './logs.ts'
import { memoryMembers } from './memories.ts'
import { memorySearchMembers } from './memory-search.ts'
import { messagingMembers } from './messaging.ts'
import { modelMembers } from './models.ts'
import { participantMembers } from './participants.ts'
import { processActionsOf } from './process-actions.ts'
import { registrationMembers } from './registration.ts'
import { relationshipMembers } from './relationships.ts'
import { roomMembers } from './rooms.ts'
import { runMembers } from './runs.ts'
import { serviceMembers } from './services.ts'
import { settingMembers } from './settings.ts'
import { composeStateOf } from './state.ts'
import { taskMembers } from './tasks.ts'
import { worldMembers } from './worlds.ts'

const MAX_STATES = 300

/**
 * ElizaOS's runtime for one agent of this process. A plain object: plugins wrap it in a Proxy, and tests
 * overwrite what they like.
 *
 * @param guard what the member that runs may reach. @default everything
 * @param db what `runtime.db` is. @default it refuses by name
 */
export function createRuntime(host: RuntimeHost, guard?: RecordGuard, db = NO_DATABASE): Runtime {
  const { agentId } = host
  // Complete after the assignment below; nothing is called before.
  const runtime = { agentId, character: host.character } as Runtime
  return Object.assign(runtime, membersOf(createAccess(host, runtime, guard), db))
}

const NO_DATABASE: object = lazyObject(() => {
  throw new PluginError('runtime', "'runtime.db' is refused: this program has no database for it.")
})

const membersOf = (access: Access, db: object): RuntimeMembers => ({
  ...settingMembers(access),
  ...serviceMembers(access),
  ...registrationMembers(access),
  ...modelMembers(access),
  ...eventMembers(access),
  ...runMembers(access),
  ...messagingMembers(access),
  ...lifeCycleMembers(access),
  stateCache: boundedMap(MAX_STATES),
  composeState: composeStateOf(access),
  processActions: processActionsOf(access),
  evaluate: evaluateOf(access),
  getActionResults: (messageId) => resultsOf(access, messageId),
  ...memoryMembers(access),
  ...memorySearchMembers(access),
  ...entityMembers(access),
  ...componentMembers(access),
  ...relationshipMembers(access),
  ...roomMembers(access),
  ...worldMembers(access),
  ...participantMembers(access),
  ...connectionMembers(access),
  ...cacheMembers(access),
  ...taskMembers(access),
  ...logMembers(access),
  db,
  adapter: access.runtime,
})
