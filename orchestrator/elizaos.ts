import type { Runtime } from '../plugins/runtime.ts'
import type { JsonObject } from '../schema/json.ts'
import type { CreateAgentOptions } from './agent-acts.ts'
import { checkOptions, codeProblem } from './check-options.ts'
import { createGlobalPlugins, nameOf } from './given-plugins.ts'
import type { GivenMessage, HandleOptions, HandleResult } from './handle-message.ts'
import { loadSettings } from './load-settings.ts'
import type { Middleware } from './middleware.ts'
import type { ElizaOSConfig, GivenPlugin } from './options.ts'
import { OrchestratorError, unsupported } from './orchestrator-error.ts'
import type { AgentInfo, AgentStatus } from './roster.ts'
import { factsOf } from './roster.ts'
import { createGlobalServices, type GlobalService } from './services.ts'
import { openSystem, type System } from './system.ts'
import {
  createSystemEvents,
  type ElizaOSEvent,
  type ElizaOSEventHandler,
  ElizaOSEventType,
} from './system-events.ts'
import { type SystemStatus, statusOf } from './system-status.ts'

/**
 * Turnkeeper within a program of one's own: agents, their turns, the API and worker processes, under the
 * names of ElizaOS. Handling signals stays the program's: it calls `stop`.
 *
 * Methods that need the open system throw `not_initialized` before `initialize`, and `stopped` after `stop`.
 */
export class ElizaOS {
  readonly name: string
  readonly #options: ElizaOSConfig
  readonly #stack: Middleware[] = []
  readonly #events = createSystemEvents((event, error) => this.#handlerFailed(event, error))
  readonly #services = createGlobalServices((type, data) => this.#tell(type, data))
  readonly #globalPlugins: ReturnType<typeof createGlobalPlugins>
  #opening: Promise<System> | undefined
  #system: System | undefined
  #stopping: Promise<void> | undefined
  #starting: Promise<void> | undefined
  #startedAt: number | undefined

  /** @throws {OrchestratorError} an option cannot be had: it says why, and what can */
  constructor(options: ElizaOSConfig = {}) {
    checkOptions(options)
    this.#options = options
    this.name = options.name ?? 'ElizaOS'
    this.#globalPlugins = createGlobalPlugins(options.globalPlugins ?? [])
  }

  /** Opens database, Temporal and worker, and goes on with what was unfinished. A second call is the first one. */
  async initialize(): Promise<void> {
    if (this.#stopping) throw stopped(this.name)
    this.#opening ??= this.#open()
    await this.#opening
  }

  /** Serves the API, where `serverConfig` says so. A second call is the first one. */
  async start(): Promise<void> {
    const system = this.#need('start')
    this.#starting ??= system.start().then(() => {
      this.#tell(ElizaOSEventType.SYSTEM_STARTED, { name: this.name, url: system.standing().url })
    })
    await this.#starting
  }

  /** Lets running turns end, then closes everything. Agents keep their state: the next start has them as they were. */
  async stop(): Promise<void> {
    this.#stopping ??= this.#close()
    await this.#stopping
  }

  /** Deletes every agent, channel and message. `confirm`: the name of this system. */
  async reset({ confirm }: { readonly confirm?: string } = {}): Promise<void> {
    const system = this.#need('reset')
    if (confirm !== this.name) {
      throw new OrchestratorError(
        'not_confirmed',
        `reset deletes every agent, channel and message of the database. If that is meant: reset({ confirm: '${this.name}' }).`,
      )
    }
    await system.reset()
  }

  /** Whether Postgres and Temporal answer, and a worker takes turns. */
  healthCheck = async (): Promise<boolean> => this.#need('healthCheck').healthCheck()

  createAgent = (options: CreateAgentOptions): Promise<string> =>
    this.#needAsync('createAgent', ({ acts }) => acts.create(options))
  startAgent = (agentId: string): Promise<void> =>
    this.#needAsync('startAgent', ({ acts }) => acts.start(agentId))
  /** The running turn finishes, queued ones wait, new messages are refused. */
  stopAgent = (agentId: string): Promise<void> =>
    this.#needAsync('stopAgent', ({ acts }) => acts.stop(agentId))
  /** Deletes it and all that belongs to it. */
  removeAgent = (agentId: string): Promise<void> =>
    this.#needAsync('removeAgent', ({ acts }) => acts.remove(agentId))
  /** Replaces what is given of the character. */
  updateAgent = (agentId: string, patch: JsonObject): Promise<void> =>
    this.#needAsync('updateAgent', ({ acts }) => acts.update(agentId, patch))

  getAgent = (agentId: string): AgentInfo | undefined => this.#need('getAgent').roster.get(agentId)
  getAllAgents = (): readonly AgentInfo[] => this.#need('getAllAgents').roster.all()
  getAgentsByStatus = (status: AgentStatus): readonly AgentInfo[] =>
    this.getAllAgents().filter((agent) => agent.status === status)

  /** Names of ElizaOS 1.7 for the same. */
  addAgents = (all: readonly CreateAgentOptions[]): Promise<string[]> =>
    inTurn(all, (options) => this.createAgent(options))
  /** @param ids default: all */
  startAgents = async (ids?: readonly string[]): Promise<void> =>
    void (await inTurn(ids ?? this.#ids(), this.startAgent))
  stopAgents = async (ids?: readonly string[]): Promise<void> =>
    void (await inTurn(ids ?? this.#ids(), this.stopAgent))
  deleteAgents = async (ids: readonly string[]): Promise<void> =>
    void (await inTurn(ids, this.removeAgent))
  getAgents = (): readonly AgentInfo[] => this.getAllAgents()
  getAgentByName = (name: string): AgentInfo | undefined =>
    this.getAllAgents().find((agent) => agent.name === name)
  handleMessages = (
    all: readonly { readonly agentId: string; readonly message: GivenMessage }[],
  ): Promise<HandleResult[]> =>
    Promise.all(all.map(({ agentId, message }) => this.handleMessage(agentId, message)))

  /** What `fn` does to the runtime outside of a turn commits at once. */
  async withAgent<T>(agentId: string, fn: (runtime: Runtime) => Promise<T>): Promise<T> {
    return fn(await this.#need('withAgent').runtime(agentId))
  }

  /** A turn of the agent, or of one agent of the pool of this name. */
  handleMessage = (
    agentOrPool: string,
    message: GivenMessage,
    options?: HandleOptions,
  ): Promise<HandleResult> =>
    this.#needAsync('handleMessage', ({ handle }) => handle(agentOrPool, message, options))

  /** For all agents that this program makes, also those that it made before. */
  async registerGlobalPlugin(plugin: GivenPlugin): Promise<void> {
    const { acts } = this.#need('registerGlobalPlugin')
    const problem = this.#options.clustering ? codeProblem([plugin]) : undefined
    if (problem) throw problem
    this.#globalPlugins.add(plugin)
    await acts.renewPlugins()
    this.#tell(ElizaOSEventType.PLUGIN_REGISTERED, { plugin: nameOf(plugin) })
  }

  async unregisterGlobalPlugin(name: string): Promise<void> {
    const { acts } = this.#need('unregisterGlobalPlugin')
    if (!this.#globalPlugins.remove(name)) throw unknown('plugin', name)
    await acts.renewPlugins()
    this.#tell(ElizaOSEventType.PLUGIN_UNREGISTERED, { plugin: name })
  }

  /** Agents find it with `runtime.getService(name)`. It is stopped with the system. */
  async registerGlobalService(name: string, service: GlobalService): Promise<void> {
    this.#need('registerGlobalService')
    if (this.#options.clustering) throw unsupported(`The service '${name}' ${NOT_SENT}`, BY_PLUGIN)
    this.#services.register(name, service)
  }

  async unregisterGlobalService(name: string): Promise<void> {
    this.#need('unregisterGlobalService')
    if (!(await this.#services.unregister(name))) throw unknown('service', name)
  }

  /** The caller says what it is. */
  getGlobalService = <T extends GlobalService>(name: string): T | undefined =>
    this.#services.get(name) as T | undefined

  on = (event: string, handler: ElizaOSEventHandler): void => this.#events.on(event, handler)
  off = (event: string, handler: ElizaOSEventHandler): void => this.#events.off(event, handler)
  emit = (event: ElizaOSEvent): void => this.#events.emit(event)

  /**
   * Around every message that comes in through this process, in the order of the calls. With clustering that
   * are the API's and the program's: plugins bring theirs into worker processes.
   */
  use(middleware: Middleware): this {
    this.#stack.push(middleware)
    return this
  }

  /** As of the last look, at most two seconds ago. Also before `initialize` and after `stop`. */
  getSystemStatus(): SystemStatus {
    return statusOf({
      name: this.name,
      isStopped: this.#stopping !== undefined,
      startedAt: this.#startedAt,
      system: this.#system,
      services: this.#services.names(),
      plugins: this.#globalPlugins.all().map(nameOf),
    })
  }

  async #open(): Promise<System> {
    try {
      const system = await openSystem({
        options: this.#options,
        loaded: loadSettings(this.#options),
        emit: (type, data) => this.#tell(type, data),
        globalPlugins: this.#globalPlugins,
        services: this.#services,
        stack: this.#stack,
        onError: (error, what) => this.#tell(ElizaOSEventType.SYSTEM_ERROR, { error, what }),
      })
      this.#system = system
      this.#startedAt = Date.now()
      return system
    } catch (error) {
      this.#opening = undefined
      this.#tell(ElizaOSEventType.SYSTEM_ERROR, { error, what: 'The system could not be opened.' })
      throw error
    }
  }

  async #close(): Promise<void> {
    const system = await this.#opening?.catch(() => undefined)
    if (!system) return
    await system.close()
    for (const agent of system.roster.all()) {
      if (agent.status === 'inactive') continue
      this.#tell(ElizaOSEventType.AGENT_STOPPED, { ...factsOf(agent), reason: 'system stopped' })
    }
    this.#tell(ElizaOSEventType.SYSTEM_STOPPED, { name: this.name })
  }

  #ids = () => this.getAllAgents().map(({ id }) => id)

  #need(method: string): System {
    if (this.#stopping) throw stopped(this.name)
    if (this.#system) return this.#system
    const message = `${method} was called before the system was initialized. Await initialize() first.`
    throw new OrchestratorError('not_initialized', message)
  }

  async #needAsync<T>(method: string, work: (system: System) => Promise<T>): Promise<T> {
    return work(this.#need(method))
  }

  #tell(type: string, data: Readonly<Record<string, unknown>>): void {
    this.#events.emit({ type, timestamp: Date.now(), data })
  }

  /** A handler of errors that fails would be told of itself for ever. */
  #handlerFailed(event: ElizaOSEvent, error: unknown): void {
    if (event.type === ElizaOSEventType.SYSTEM_ERROR) return
    this.#tell(ElizaOSEventType.SYSTEM_ERROR, {
      error,
      what: `A handler of '${event.type}' failed.`,
    })
  }
}

const stopped = (name: string) =>
  new OrchestratorError('stopped', `'${name}' was stopped. Make a new ElizaOS to start again.`)

/** One after the other: what fails says which one it was. */
async function inTurn<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = []
  for (const one of all) done.push(await work(one))
  return done
}

const unknown = (kind: string, name: string) =>
  new OrchestratorError('invalid_option', `No global ${kind} '${name}' is registered.`)

const NOT_SENT =
  'cannot be registered with clustering: turns run in other processes, which it cannot be sent to.'
const BY_PLUGIN = 'Let a plugin that is given by its package or path start it in each worker.'
