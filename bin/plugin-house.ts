import { resolve } from 'node:path'
import type { OutsideModels } from '../activities/outside-models.ts'
import { outsideModels } from '../activities/outside-models.ts'
import type { Agent } from '../agent/agent.ts'
import { buildAgent } from '../agent/build-agent.ts'
import type { Ports } from '../agent/ports.ts'
import type { RecordWrite } from '../agent/records.ts'
import type { OpenDatabase } from '../database/open.ts'
import { createSchemaStore } from '../memory/plugin-schemas.ts'
import type { RootLogger } from '../observability/log.ts'
import { createRuntime } from '../plugins/facade/create-runtime.ts'
import type { PluginHostInput } from '../plugins/host/host-input.ts'
import { DEFAULT_LIMITS } from '../plugins/host/limits.ts'
import type { NamedPlugin } from '../plugins/host/load-plugins.ts'
import { createPluginHost, type RunningPluginHost } from '../plugins/host/plugin-host.ts'
import { createTurnEvents, type SettlingTurnEvents } from '../plugins/host/turn-events.ts'
import { isolatingSource } from '../plugins/isolated/isolating-source.ts'
import { findPlugin, pluginsFolder } from '../plugins/load/plugin-place.ts'
import { createPluginSource, type ReloadingSource } from '../plugins/load/plugin-source.ts'
import {
  createPermissionBook,
  createPermissionGuard,
  type PermissionBook,
} from '../plugins/permissions/permission-book.ts'
import type { HostedAgent, LoadedPlugin, OpenedAgent } from '../plugins/plugin-host.ts'
import type { HostLog, HostMessages, RuntimeHost } from '../plugins/runtime-host.ts'
import { migrateSchema } from '../plugins/schema/migrate-schema.ts'
import { createPluginDatabase } from '../plugins/sql/plugin-database.ts'
import type { Config } from '../schema/config.ts'
import { loadDrizzle } from './plugin-drizzle.ts'
import { permitPlugin } from './plugin-grants.ts'
import { loadSchemaKit } from './plugin-kit.ts'
import { createPluginModels, isOurVendor } from './plugin-models.ts'
import { isPublicAddress } from './public-address.ts'

export interface PluginHouseInput {
  readonly config: Config
  readonly db: OpenDatabase['db']
  /** For SQL of plugins. */
  readonly foreign: OpenDatabase['foreign']
  /** As they are when somebody asks: they are made of what is made here. */
  ports(): Ports
  messages(agentId: string): HostMessages
  readonly logger: RootLogger
  /** Of every agent. @default none */
  readonly globalPlugins?: readonly NamedPlugin[]
  readonly globalService?: (type: string) => unknown
  /** Folders of character files: paths of plugins count from there as well. @default none */
  readonly characterFolders?: () => readonly string[]
  onChanged(agentId: string): void
  onTasksChanged(agentId: string): void
  readonly hostService?: PluginHostInput['hostService']
  readonly gateway?: PluginHostInput['gateway']
}

/** Everything that foreign plugins of this process stand on. */
export interface PluginHouse {
  readonly host: RunningPluginHost
  readonly book: PermissionBook
  /** Undefined for an agent that has no plugins: nothing is made for it. */
  open(agent: HostedAgent): Promise<OpenedAgent | undefined>
  /** What of it belongs to turns. */
  members(
    agent: HostedAgent,
  ): Promise<Pick<OpenedAgent, 'plugins'> & Pick<Agent, 'runTask' | 'platforms'>>
  readonly turnEvents: SettlingTurnEvents
  readonly log: HostLog
  readonly source: ReloadingSource
  close(): Promise<void>
}

export function createPluginHouse(input: PluginHouseInput): PluginHouse {
  const { config, logger } = input
  const log = hostLog(logger)
  const ending = new AbortController()
  const folders = { projectFolder: process.cwd(), dataFolder: resolve(config.dataDir) }
  const { characterFolders = () => [] } = input
  const source = createPluginSource({ ...folders, characterFolders, redact: logger.redact })
  const isolating = isolatingSource(source, {
    findPlace: (asked) => findPlugin(asked, { ...folders, characterFolders: characterFolders() }),
    ...{ folders, isPublicAddress, log },
  })
  const outside = (agent: () => Agent): OutsideModels =>
    outsideModels(input.ports(), agent, ending.signal)
  const book = createPermissionBook()
  const host = createPluginHost({
    ...hostInput(input, { log, book, outside }),
    source: isolating,
    forget(agentId) {
      book.delete(agentId)
      isolating
        .end(agentId)
        .catch((error: unknown) => log.warn({ error }, 'A process of a plugin did not end.'))
    },
  })
  const turnEvents = createTurnEvents(host)
  const open = async (agent: HostedAgent) =>
    hasPlugins(input, agent) ? host.open(agent) : undefined
  return {
    ...{ host, book, turnEvents, source, log },
    open,
    async members(agent) {
      const { plugins = [] } = (await open(agent)) ?? {}
      const { runTask, platforms } = host.agent(agent.id) ?? {}
      return { plugins, runTask, platforms }
    },
    async close() {
      await turnEvents.settled()
      await host.close()
      await isolating.end()
      ending.abort(new Error('The process ends.'))
    },
  }
}

const hasPlugins = ({ globalPlugins = [] }: PluginHouseInput, { character, code }: HostedAgent) =>
  [globalPlugins, character.plugins ?? [], code?.plugins ?? []].some((list) => list.length > 0) ||
  code?.init !== undefined

interface Made {
  readonly book: PermissionBook
  readonly log: HostLog
  outside(agent: () => Agent): OutsideModels
}

function hostInput(input: PluginHouseInput, { log, book, outside }: Made) {
  const { config, db, logger } = input
  const guard = createPermissionGuard(book)
  const environment = (name: string): string | undefined => config.pluginEnv[name]
  const grants = { book, log, environment }
  const kitFolder = pluginsFolder(config.dataDir)
  const loadKit = loadSchemaKit(kitFolder)
  const pluginDb = createPluginDatabase({
    ...{ sql: input.foreign, book, kitFolder },
    loadDrizzle: loadDrizzle(kitFolder),
  })
  return {
    // The ports are made of what is made here, so they are looked up when they are used.
    records: {
      of: (agentId: string) => input.ports().records.of(agentId),
      commit: (agentId: string, writes: readonly RecordWrite[]) =>
        input.ports().records.commit(agentId, writes),
    },
    createRuntime: (host: RuntimeHost) => createRuntime(host, guard, pluginDb),
    buildAgent: (
      hosted: Parameters<typeof permitPlugin>[1],
      plugins: Parameters<typeof buildAgent>[3],
    ) => buildAgent(hosted.id, hosted.character, hosted.settings, plugins),
    models: (place: Parameters<typeof createPluginModels>[1]) =>
      createPluginModels({ ports: input.ports(), guard, outside }, place),
    outsideCalls: (agent: Agent) => outside(() => agent),
    messages: input.messages,
    outboxSource: (source: string, agentId: string) =>
      input.ports().connectors.for(source, agentId) ? source : null,
    environment,
    log,
    redact: logger.redact,
    isOurs: isOurVendor(config.modelSettings),
    globalPlugins: input.globalPlugins,
    globalServices: input.globalService && { get: input.globalService },
    limits: DEFAULT_LIMITS,
    permit: (hosted: Parameters<typeof permitPlugin>[1], loaded: LoadedPlugin) =>
      permitPlugin(grants, hosted, loaded),
    migrate: (_hosted: unknown, { plugin, folder }: LoadedPlugin) =>
      migrateSchema(
        {
          store: createSchemaStore(db),
          ...{ loadKit, kitFolder },
          mayDestroy: (name) => config.pluginDataLoss.includes(name),
        },
        { name: plugin.name, schema: plugin.schema, folder },
      ),
    onChanged: input.onChanged,
    onTasksChanged: input.onTasksChanged,
    ...{ hostService: input.hostService, gateway: input.gateway },
  }
}

const hostLog = (logger: RootLogger): HostLog => ({
  debug: (fields, message) => logger.debug(fields, message),
  info: (fields, message) => logger.info(fields, message),
  warn: (fields, message) => logger.warn(fields, message),
  error: (fields, message) => logger.error(fields, message),
})
