import { PluginError } from '../plugin-error.ts'
import type { AgentView, LifeCycleMembers } from '../runtime.ts'
import type { Access } from './access.ts'
import { createLogger } from './logger.ts'

/** The host starts, migrates and stops: what would do so from inside says that it does nothing. */
export function lifeCycleMembers({ host, runtime, agentId }: Access): LifeCycleMembers {
  const nothing = (member: string, instead: string) => async (): Promise<void> => {
    host.log.debug({ agentId, member }, `runtime.${member} does nothing here: ${instead}.`)
  }
  const own = (): AgentView => {
    const { secrets: _sealed, ...character } = runtime.character
    return { ...character, id: agentId, status: 'active', enabled: true }
  }
  return {
    initPromise: Promise.resolve(),
    logger: createLogger(host),
    fetch: (...request) => globalThis.fetch(...request),
    registerPlugin: (plugin) => host.registerPlugin(plugin),
    initialize: nothing('initialize', 'the host initialises an agent before its plugins run'),
    stop: nothing('stop', 'the host stops an agent; use PATCH /api/agents/:id'),
    init: nothing('init', 'the database is open'),
    close: nothing('close', 'the host closes the database'),
    isReady: async () => true,
    runMigrations: nothing('runMigrations', "'turnkeeper migrate' does"),
    runPluginMigrations: nothing('runPluginMigrations', 'the host migrates when it loads a plugin'),
    withEntityContext: (_entityId, work) => work(),
    async getConnection() {
      throw refused(
        'getConnection',
        'a connection of the database is not given to plugins',
        RECORDS,
      )
    },
    registerDatabaseAdapter() {
      throw refused('registerDatabaseAdapter', 'the database is the one of the host', RECORDS)
    },
    async getAgent(id) {
      if (id === agentId) return own()
      throw refused('getAgent', `agent '${id}' is not this one`, AGENTS)
    },
    getAgents: async () => [own()],
    async ensureAgentExists({ id }) {
      if (id === agentId) return own()
      throw refused('ensureAgentExists', `agent '${id}' is not this one`, AGENTS)
    },
    async createAgent() {
      throw refused('createAgent', 'an agent does not make others', AGENTS)
    },
    async updateAgent(id) {
      throw refused('updateAgent', `agent '${id}' is changed by its owner`, AGENTS)
    },
    async deleteAgent(id) {
      throw refused('deleteAgent', `agent '${id}' is deleted by its owner`, AGENTS)
    },
    async getAgentRunSummaries() {
      throw refused('getAgentRunSummaries', 'runs are turns here', 'Look at GET /api/turns/:turnId')
    },
  }
}

const RECORDS = 'Use the members for memories, rooms, components and cache'
const AGENTS = 'Use the API, /api/agents'

const refused = (member: string, reason: string, instead: string): PluginError =>
  new PluginError('runtime', `runtime.${member} is refused: ${reason}. ${instead}.`)
