import type { Agent } from '../../agent/agent.ts'
import { withPlatforms } from '../../agent/platforms.ts'
import type { RecordWrite } from '../../agent/records.ts'
import type { Character } from '../../schema/character.ts'
import { stringToUuid } from '../../schema/ids.ts'
import type { ElizaMemory } from '../contract.ts'
import type { HostedAgent } from '../plugin-host.ts'
import type { Runtime } from '../runtime.ts'
import type { RuntimeHost } from '../runtime-host.ts'
import { currentScope } from '../scope.ts'
import type { AdaptPorts } from './adapt-ports.ts'
import { contextOutside } from './event-context.ts'
import { type AgentEvents, createAgentEvents } from './events.ts'
import { createHealth, type Health } from './health.ts'
import type { PluginHostInput } from './host-input.ts'
import { createIsolation, type Isolation } from './isolate.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { LoopWatch } from './loop-watch.ts'
import { createMembers, type Members } from './members.ts'
import { messageOf, roomOf } from './outside-message.ts'
import { createPlatforms } from './platforms.ts'
import { hidingSecrets } from './reason.ts'
import { type HostedWorker, withTasks, workerOf } from './run-task.ts'
import { createServices, type Services } from './services.ts'
import { UNKNOWN_OWNER } from './unknown-owner.ts'

/** One agent's plugins at work: the façade, and what stands behind it. */
export interface AgentHost {
  /** Made when somebody asks for it: an agent without plugins needs none. */
  readonly runtime: Runtime
  readonly members: Members
  readonly services: Services
  readonly isolation: Isolation
  readonly events: AgentEvents
  readonly ports: AdaptPorts
  agent(): Agent
  worker(task: string): HostedWorker | undefined
  /** Another version of the character, for the same plugins. */
  update(hosted: HostedAgent): void
}

export interface AgentHostInput {
  readonly input: PluginHostInput
  readonly hosted: HostedAgent
  readonly watch: LoopWatch
  /** Plugins whose service holds a socket. */
  readonly gateways: ReadonlySet<string>
  /** It has been opened: from now on others hear of changes. */
  isOpen(): boolean
  /** Registers a whole plugin, as at the opening. */
  registerPlugin: RuntimeHost['registerPlugin']
}

export function createAgentHost(given: AgentHostInput): AgentHost {
  const { input, watch, gateways } = given
  const { limits = DEFAULT_LIMITS, log, now = Date.now } = input
  let { hosted } = given
  const agentId = hosted.id
  const redact = hidingSecrets(input.redact, secretsOf(hosted.character))
  const health = createHealth({ agentId, limits, log, redact, now })
  const isolation = createIsolation({ health, limits, watch, redact, now })
  const ports: AdaptPorts = { agentId, runtime: () => runtime(), isolation, limits, log, redact }
  const hasRuntime = () => made !== undefined
  const needsGateway = (plugin: string) => input.gateway !== undefined && gateways.has(plugin)
  const members = createMembers({ ...ports, hasRuntime, needsGateway })
  const services = createServices(ports)
  const tasks = { ...ports, hasRuntime, ownerOf: members.ownerOf }
  const named = () => hosted.character.plugins ?? []
  const platforms = createPlatforms({ ...tasks, needsGateway, gateways, named })
  let built: Agent | undefined
  const agent = () => {
    built ??= withPlatforms(
      withTasks(tasks, input.buildAgent(hosted, members.adapted())),
      platforms,
    )
    return built
  }
  const changed = () => {
    const scope = currentScope()
    if (scope?.agentId === agentId) members.adopt(scope.plugin)
    members.changed()
    built = undefined
    if (given.isOpen()) input.onChanged?.(agentId)
  }
  let workers = 0
  const workersChanged = () => {
    const count = made?.taskWorkers.size ?? 0
    if (count !== workers) changed()
    workers = count
  }
  const { commit, tasksChanged } = outsideOfSteps(given, workersChanged)
  const events = createAgentEvents({ ...ports, commit }, members.listeners)
  let made: Runtime | undefined
  const runtime = () => {
    made ??= input.createRuntime(
      runtimeHost(given, {
        hosted: () => hosted,
        ...{ agent, changed, tasksChanged, members, services, events, health },
      }),
    )
    return made
  }
  return {
    get runtime() {
      return runtime()
    },
    ...{ members, services, isolation, events, ports, agent },
    worker: (name) => workerOf(tasks, name),
    update(next) {
      hosted = next
      built = undefined
      if (made) made.character = next.character
    },
  }
}

/** What is written outside of any step commits at once; schedules follow. */
function outsideOfSteps({ input, hosted: { id } }: AgentHostInput, workersChanged: () => void) {
  const tasksChanged = () => {
    workersChanged()
    input.onTasksChanged?.(id)
  }
  const commit = async (writes: readonly RecordWrite[]) => {
    await input.records.commit(id, writes)
    if (writes.some(({ kind }) => kind.startsWith('task.'))) tasksChanged()
  }
  return { commit, tasksChanged }
}

interface Behind extends Pick<AgentHost, 'agent' | 'members' | 'services' | 'events'> {
  hosted(): HostedAgent
  changed(): void
  tasksChanged(): void
  readonly health: Health
}

/** What the façade stands on. */
function runtimeHost(
  { input, hosted: { id: agentId }, registerPlugin }: AgentHostInput,
  { hosted, agent, changed, tasksChanged, members, services, events, health }: Behind,
): RuntimeHost {
  const { log, now = Date.now } = input
  return {
    agentId,
    get character() {
      return hosted().character
    },
    get settings() {
      return hosted().settings
    },
    environment: (name) => input.environment(name, agentId),
    records: input.records,
    agent,
    changed,
    registerPlugin,
    startService: (service) => services.start(service, currentScope()?.plugin ?? UNKNOWN_OWNER),
    globalService: (type) => input.globalServices?.get(type) ?? input.hostService?.(agentId, type),
    models: input.models({ agentId, agent, handler: members.model }),
    commit: (writes) => input.records.commit(agentId, writes),
    contextFor: (message) => contextFor(input, { agent: agent(), message, now: now() }),
    messages: input.messages(agentId),
    tasksChanged,
    emit: (names, payload) => events.emit(names, payload),
    log,
    noteFault: (scope, what, error) =>
      health.note({ plugin: scope?.plugin ?? UNKNOWN_OWNER, member: scope?.member ?? what }, error),
  }
}

interface Asked {
  readonly agent: Agent
  readonly message: ElizaMemory
  readonly now: number
}

/** A route, a task or a service asks members as if the message had come. */
async function contextFor({ records }: PluginHostInput, { agent, message: given, now }: Asked) {
  const own = records.of(agent.id)
  const message = messageOf(given, { agentId: agent.id, now })
  const [room] = await own.rooms([message.roomId])
  return contextOutside({
    ...{ agent, records: own, message, now },
    turn: { turnId: stringToUuid(`outside:${message.id}`), gen: 1 },
    step: 'outside',
    room: room ?? roomOf(message),
    signal: NEVER,
  })
}

const NEVER = new AbortController().signal

function secretsOf({ secrets = {}, settings }: Character): string[] {
  const inner: unknown = settings?.secrets
  const all = [secrets, inner !== null && typeof inner === 'object' ? inner : {}]
  return all.flatMap((one) =>
    Object.values(one).flatMap((value: unknown) => (typeof value === 'string' ? [value] : [])),
  )
}
