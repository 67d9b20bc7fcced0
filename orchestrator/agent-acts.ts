import { createHash } from 'node:crypto'
import { checkTemplates } from '../agent/characters/check-templates.ts'
import type { CharacterFile } from '../agent/characters/load.ts'
import { ConflictError } from '../agent/errors.ts'
import type { AgentsPort } from '../api/deps.ts'
import { agentIdOf, type Character, parseCharacter } from '../schema/character.ts'
import type { JsonObject } from '../schema/json.ts'
import { codeProblem, lostCodeProblem } from './check-options.ts'
import { checkPlugins, codeAmong, type GlobalPlugins, namedAmong, nameOf } from './given-plugins.ts'
import type { GivenPlugin } from './options.ts'
import { invalidOption, OrchestratorError } from './orchestrator-error.ts'
import { type Emit, factsOf, type Roster } from './roster.ts'
import { ElizaOSEventType } from './system-events.ts'

export interface CreateAgentOptions {
  /** ElizaOS's character; templates may be functions. */
  readonly character: unknown
  readonly plugins?: readonly GivenPlugin[]
  /** Called with the agent's runtime once it has started. */
  readonly init?: (runtime: unknown) => unknown
  /** An agent that ran when the system last ended runs again all the same. @default false */
  readonly autoStart?: boolean
}

export interface AgentActsPorts {
  readonly roster: Roster
  readonly agents: Pick<AgentsPort, 'start' | 'stop' | 'delete' | 'update'>
  readonly globalPlugins: Pick<GlobalPlugins, 'all'>
  readonly defaultSettings: Readonly<Record<string, unknown>>
  readonly maxAgents: number | undefined
  readonly isClustered: boolean
  /** Stores the character, or changes the stored one where the hash differs. */
  store(file: CharacterFile): Promise<string>
  emit: Emit
}

export interface AgentActs {
  create(options: CreateAgentOptions): Promise<string>
  start(id: string): Promise<void>
  stop(id: string): Promise<void>
  remove(id: string): Promise<void>
  update(id: string, patch: JsonObject): Promise<void>
  /** The agents that were made here get the global plugins of now. */
  renewPlugins(): Promise<void>
}

/** What is done to agents; the roster tells what came of it. */
export function createAgentActs(ports: AgentActsPorts): AgentActs {
  const { agents, roster, emit } = ports
  const made = new Map<string, CreateAgentOptions>()
  const underway = new Set<string>()
  /** Others delete agents as well, such as the API: what is stored again would come back. */
  const forgetDeleted = async () => {
    await roster.refresh()
    for (const id of made.keys()) if (!roster.get(id) && !underway.has(id)) made.delete(id)
  }
  const afterwards = async (work: Promise<unknown>) => {
    await work
    await roster.refresh()
  }
  const create = async (options: CreateAgentOptions) => {
    const file = characterFileOf(ports, options)
    const id = agentIdOf(file.character)
    if (made.has(id)) await forgetDeleted()
    const known = roster.get(id)
    if (made.has(id)) throw alreadyMade(file.character.name, id)
    if (!known) checkRoom(ports)
    made.set(id, options)
    underway.add(id)
    try {
      await ports.store(file)
      if (options.autoStart) await agents.start(id)
      else if (!known) await agents.stop(id)
      await roster.refresh()
    } catch (error) {
      made.delete(id)
      throw error
    } finally {
      underway.delete(id)
    }
    if (known) tellRestored(roster.get(id) ?? known, emit)
    return id
  }
  return {
    create,
    start: (id) => afterwards(agents.start(id)),
    stop: (id) => afterwards(agents.stop(id)),
    update: (id, patch) => afterwards(agents.update(id, patch)),
    async remove(id) {
      made.delete(id.toLowerCase())
      await afterwards(agents.delete(id))
    },
    async renewPlugins() {
      await forgetDeleted()
      for (const options of made.values()) await ports.store(characterFileOf(ports, options))
      await roster.refresh()
    },
  }
}

/** It was in the database when the system came up: what it does goes on. */
function tellRestored(agent: NonNullable<ReturnType<Roster['get']>>, emit: Emit): void {
  const facts = { ...factsOf(agent), restored: true }
  emit(ElizaOSEventType.AGENT_CREATED, facts)
  if (agent.status !== 'inactive') emit(ElizaOSEventType.AGENT_STARTED, facts)
}

function checkRoom({ roster, maxAgents }: AgentActsPorts): void {
  const count = roster.all().length
  if (maxAgents === undefined || count < maxAgents) return
  throw new OrchestratorError(
    'limit_reached',
    `There are ${count} agents, and maxAgents is ${maxAgents}. Remove one, or raise the limit.`,
  )
}

const alreadyMade = (name: string, id: string) =>
  new ConflictError(
    `The agent '${name}' (${id}) was created before. Give the second one an id of its own.`,
  )

function characterFileOf(ports: AgentActsPorts, options: CreateAgentOptions): CharacterFile {
  const { plugins = [], init } = options
  const all = [...ports.globalPlugins.all(), ...plugins]
  checkPlugins(plugins)
  const problem = ports.isClustered ? (codeProblem(all) ?? lostCodeProblem(options)) : undefined
  if (problem) throw problem
  const character = characterOf(ports, options, all)
  checkTemplates(character, SOURCE)
  const code = { templates: functionsIn(character), plugins: codeAmong(all), init }
  const told = JSON.stringify([character, code.plugins.map(nameOf), Object.keys(code.templates)])
  const hash = createHash('sha256').update(told).digest('hex')
  return { file: SOURCE, character, hash, code }
}

/** What errors call the character. */
const SOURCE = 'createAgent'

function characterOf(
  { defaultSettings }: AgentActsPorts,
  { character: given }: CreateAgentOptions,
  plugins: readonly GivenPlugin[],
): Character {
  if (given === null || typeof given !== 'object') {
    throw invalidOption('createAgent got no character: give an object with at least a name.')
  }
  const json = given as Readonly<Record<string, unknown>> // read by the schema below
  const own = Array.isArray(json.plugins) ? json.plugins : []
  const names = [...new Set([...own, ...namedAmong(plugins)])]
  const settings = { ...defaultSettings, ...(json.settings ?? {}) }
  const merged = {
    ...json,
    ...(Object.keys(settings).length > 0 ? { settings } : {}),
    ...(names.length > 0 ? { plugins: names } : {}),
  }
  const set = Object.entries(merged).filter(([, value]) => value !== undefined)
  return parseCharacter(Object.fromEntries(set), SOURCE)
}

const functionsIn = ({ templates = {} }: Character) =>
  Object.fromEntries(
    Object.entries(templates).flatMap(([name, template]) =>
      typeof template === 'function' ? [[name, template] as const] : [],
    ),
  )
