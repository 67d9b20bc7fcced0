import type { AgentPoolConfig, ElizaOSConfig, GivenPlugin } from './options.ts'
import { invalidOption, type OrchestratorError, unsupported } from './orchestrator-error.ts'

/** Throws before anything is opened. @throws {OrchestratorError} */
export function checkOptions(config: ElizaOSConfig): void {
  const problem =
    databaseProblem(config) ??
    limitProblem(config) ??
    persistenceProblem(config) ??
    clusterProblem(config) ??
    numberProblem('maxAgents', config.maxAgents, 1)
  if (problem) throw problem
  for (const [name, pool] of Object.entries(config.agentPools ?? {})) checkPool(name, pool)
}

function databaseProblem({ databaseAdapter }: ElizaOSConfig): OrchestratorError | undefined {
  if (databaseAdapter === undefined || typeof databaseAdapter === 'string') return undefined
  return unsupported(
    'databaseAdapter is an object of ElizaOS. Turns, steps and messages commit together in one ' +
      'transaction, which its interface cannot express, so no adapter can take the place of the database.',
    'Give a postgres:// address or the path of a data folder, or leave it out.',
  )
}

function limitProblem({ resourceLimits: limits = {} }: ElizaOSConfig) {
  if (limits.maxMemoryPerAgent !== undefined) return ofContainer('maxMemoryPerAgent', 'memory')
  if (limits.maxCPUPerAgent !== undefined) return ofContainer('maxCPUPerAgent', 'cpus')
  return (
    numberProblem('resourceLimits.maxRequestsPerMinute', limits.maxRequestsPerMinute, 1) ??
    numberProblem('resourceLimits.maxConcurrentRequests', limits.maxConcurrentRequests, 1, 10_000)
  )
}

const ofContainer = (option: string, setting: string) =>
  unsupported(
    `resourceLimits.${option} cannot be enforced: all agents of a process share its heap and its threads.`,
    `Limit the container instead: \`deploy.resources.limits.${setting}\` in docker-compose.yml, or the ` +
      'limits of the pods that KEDA scales (docs/deploy.md), and give an agent that needs a limit of its ' +
      'own a Task Queue and workers of its own.',
  )

function persistenceProblem({ persistence: { enabled = true } = {} }: ElizaOSConfig) {
  if (enabled) return undefined
  return unsupported(
    'persistence.enabled is false, and a message that is not stored cannot survive a crash: it is what Turnkeeper is for.',
    'Leave it out; for a system that forgets, give a data folder that you delete afterwards.',
  )
}

function clusterProblem(config: ElizaOSConfig): OrchestratorError | undefined {
  const { workers = 1, maxWorkers = workers, scaleThreshold = 0.8 } = config.clusterConfig ?? {}
  const numbers =
    numberProblem('clusterConfig.workers', workers, 1, 64) ??
    numberProblem('clusterConfig.maxWorkers', maxWorkers, workers, 64)
  if (numbers) return numbers
  if (!(scaleThreshold > 0 && scaleThreshold <= 1)) {
    return invalidOption(
      `clusterConfig.scaleThreshold is ${scaleThreshold}, expected a share above 0 and up to 1.`,
    )
  }
  if (!config.clustering) return undefined
  const pools = Object.values(config.agentPools ?? {})
  return (
    codeProblem([...(config.globalPlugins ?? []), ...pools.flatMap((p) => p.plugins ?? [])]) ??
    pools.map(lostCodeProblem).find((problem) => problem !== undefined)
  )
}

/** Code has no form in which another process could get it. */
export function codeProblem(plugins: readonly GivenPlugin[]): OrchestratorError | undefined {
  const names = plugins.flatMap((plugin) => (typeof plugin === 'string' ? [] : [plugin.name]))
  if (names.length === 0) return undefined
  return unsupported(
    `With clustering, turns run in other processes, which cannot be given code: ${names.map((name) => `'${name}'`).join(', ')}.`,
    'Name the plugin by its package or its path instead, so that each worker imports it.',
  )
}

interface GivenCode {
  readonly character: unknown
  readonly init?: unknown
}

/** The same for what is code besides plugins: a worker would run the agent as if it were not there. */
export function lostCodeProblem({ character, init }: GivenCode): OrchestratorError | undefined {
  const lost = [...(init ? ['init'] : []), ...functionTemplates(character)]
  if (lost.length === 0) return undefined
  return unsupported(
    `With clustering, turns run in other processes, which cannot be given functions: ${lost.map((name) => `'${name}'`).join(', ')}.`,
    'Write the template as text, and what init does into the init of a plugin that is named by its package or its path.',
  )
}

function functionTemplates(character: unknown): string[] {
  if (character === null || typeof character !== 'object' || !('templates' in character)) return []
  return Object.entries(character.templates ?? {}).flatMap(([name, template]) =>
    typeof template === 'function' ? [`templates.${name}`] : [],
  )
}

function checkPool(name: string, { minAgents, maxAgents }: AgentPoolConfig): void {
  const problem =
    numberProblem(`agentPools.${name}.minAgents`, minAgents, 0, 1_000) ??
    numberProblem(`agentPools.${name}.maxAgents`, maxAgents, Math.max(1, minAgents), 1_000)
  if (problem) throw problem
}

function numberProblem(
  option: string,
  value: number | undefined,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): OrchestratorError | undefined {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`
  return invalidOption(`${option} is ${String(value)}, expected a whole number ${range}.`)
}
