import { NotFoundError } from '../agent/errors.ts'
import type { AgentActs } from './agent-acts.ts'
import type { AgentPoolConfig } from './options.ts'
import type { PoolPorts } from './pools.ts'

/** Makes and retires the numbered agents of the pools. */
export function poolAgents(
  pools: Readonly<Record<string, AgentPoolConfig>>,
  acts: Pick<AgentActs, 'create' | 'start' | 'stop'>,
): Pick<PoolPorts, 'add' | 'retire'> {
  const made = new Set<string>()
  return {
    async add(pool, id, n) {
      if (made.has(id) && (await startedAgain(acts, id))) return
      const { character, plugins } = pools[pool] ?? {}
      await acts.create({ character: numbered(character, id, n), plugins, autoStart: true })
      made.add(id)
    },
    retire: (id) => acts.stop(id),
  }
}

/** False when somebody deleted it meanwhile. */
async function startedAgain(acts: Pick<AgentActs, 'start'>, id: string): Promise<boolean> {
  try {
    await acts.start(id)
    return true
  } catch (error) {
    if (error instanceof NotFoundError) return false
    throw error
  }
}

const numbered = (character: unknown, id: string, n: number): unknown =>
  character !== null && typeof character === 'object' && 'name' in character
    ? { ...character, id, name: `${String(character.name)} ${n}` }
    : character
