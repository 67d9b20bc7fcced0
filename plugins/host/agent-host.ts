import type { Agent } from '../../agent/agent.ts'
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
import { createHealth } from './health.ts'
import type { PluginHostInput } from './host-input.ts'
import { createIsolation, type Isolation } from './isolate.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { LoopWatch } from './loop-watch.ts'
import { createMembers, type Members, UNKNOWN_OWNER } from './members.ts'
import { messageOf, roomOf } from './outside-message.ts'
import { hidingSecrets } from './reason.ts'
import { createServices, type Services } from './services.ts'

/** One agent's plugins at work: the façade, and what stands behind it. */
export interface AgentHost {
  readonly runtime: Runtime
  readonly members: Members
  readonly services: Services
  readonly isolation: Isolation
  readonly events: AgentEvents
  readonly ports: AdaptPorts
  agent(): Agent
  /** Another version of the character, for the same plugins. */
  update(hosted: HostedAgent): void
}

export interface AgentHostInput {
  readonly input: PluginHostInput
  readonly hosted: HostedAgent
  readonly watch: LoopWatch
  /** Plugins whose service holds a socket. */
  readonly gateways: ReadonlySet<string>
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
  const ports: AdaptPorts = { agentId, runtime: () => runtime, isolation, limits, log, redact }
  const members = createMembers({ ...ports, needsGateway: (plugin) => gateways.has(plugin) })
  const services = createServices(ports)
  const events = createAgentEvents(ports, members.listeners)
  let built: Agent | undefined
  const agent = () => {
    built ??= input.buildAgent(hosted, members.adapted())
    return built
  }
  const host: RuntimeHost = {
    agentId,
    get character() {
      return hosted.character
    },
    get settings() {
      return hosted.settings
    },
    environment: (name) => input.environment(name, agentId),
    records: input.records,
    agent,
    changed() {
      members.changed()
      built = undefined
      input.onChanged?.(agentId)
    },
    registerPlugin: given.registerPlugin,
    startService: (service) => services.start(service, currentScope()?.plugin ?? UNKNOWN_OWNER),
    globalService: (type) => input.globalServices?.get(type),
    models: input.models({ agentId, agent, handler: members.model }),
    commit: (writes) => input.records.commit(agentId, writes),
    contextFor: (message) => contextFor(input, { agent: agent(), message, now: now() }),
    messages: input.messages(agentId),
    tasksChanged: () => input.onTasksChanged?.(agentId),
    emit: (names, payload) => events.emit(names, payload),
    log,
    noteFault: (scope, what, error) =>
      health.note({ plugin: scope?.plugin ?? UNKNOWN_OWNER, member: scope?.member ?? what }, error),
  }
  const runtime = input.createRuntime(host)
  return {
    ...{ runtime, members, services, isolation, events, ports, agent },
    update(next) {
      hosted = next
      built = undefined
      runtime.character = next.character
    },
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
