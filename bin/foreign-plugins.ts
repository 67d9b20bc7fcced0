import { ConflictError } from '../agent/errors.ts'
import type { OpenDatabase } from '../database/open.ts'
import type { RootLogger } from '../observability/log.ts'
import type { Config } from '../schema/config.ts'
import type { TurnStream } from '../streams/turn-stream.ts'
import type { AgentStore } from './agent-store.ts'
import type { ApiParts } from './api/parts.ts'
import { createTurnsPort } from './api/turns.ts'
import { createPluginHouse, type PluginHouse, type PluginHouseInput } from './plugin-house.ts'
import { createPluginMessages } from './plugin-messages.ts'
import { NO_SOCKETS } from './task-gateway.ts'
import { createTaskHouse, type TaskHouse } from './task-house.ts'
import type { TemporalLink } from './temporal-link.ts'

export interface ForeignPluginParts
  extends Pick<PluginHouseInput, 'ports' | 'globalPlugins' | 'globalService'> {
  /** Only there tasks run, and sockets are held. */
  readonly hasWorker: boolean
  readonly config: Config
  readonly db: OpenDatabase['db']
  readonly foreign: OpenDatabase['foreign']
  readonly logger: RootLogger
  readonly stream: TurnStream
  readonly temporal: TemporalLink
  readonly agents: Pick<AgentStore, 'forget' | 'folders'>
  /** As they are when a plugin brings a message. */
  parts(): ApiParts
}

export interface ForeignPlugins {
  readonly house: PluginHouse
  readonly tasks: TaskHouse
}

/**
 * Foreign plugins of a process, with the turns that they bring in, the messages that they send, and the
 * tasks that they leave.
 */
export function createForeignPlugins(given: ForeignPluginParts): ForeignPlugins {
  const tasks = createTaskHouse({ ...given, plugins: () => house.host })
  const house: PluginHouse = createPluginHouse({
    ...given,
    messages: (agentId) => messagesFor(given, house, agentId),
    onChanged: (agentId) => given.agents.forget(agentId),
    characterFolders: given.agents.folders,
    onTasksChanged: tasks.changed,
    hostService: tasks.hostService,
    gateway: given.hasWorker ? tasks.sockets : NO_SOCKETS,
  })
  return { house, tasks }
}

/** What a plugin's service brings in is a turn, like a message that came through the API. */
function messagesFor(given: ForeignPluginParts, house: PluginHouse, agentId: string) {
  const { stream, temporal } = given
  const runtime = () => {
    const opened = house.host.opened(agentId)
    if (!opened) throw new ConflictError(`The plugins of the agent '${agentId}' are not started.`)
    return opened.runtime
  }
  const parts = given.parts()
  const { records, connectors } = given.ports()
  const turns = createTurnsPort({ ...parts, temporal, uiUrl: undefined })
  const { startDelivery } = temporal
  return createPluginMessages(
    { ...parts, turns, stream, records, connectors, startDelivery },
    { agentId, runtime },
  )
}
