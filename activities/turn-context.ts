import type { Agent } from '../agent/agent.ts'
import type { MemoryReader, TurnContext } from '../agent/context.ts'
import { FencedError, UnavailableError } from '../agent/errors.ts'
import type { ModelPurpose, ModelVendor } from '../agent/models.ts'
import type { LoadedTurn, Ports } from '../agent/ports.ts'
import type { TurnProgress } from '../agent/progress.ts'
import { withinTime } from '../agent/within-time.ts'
import type { TurnRef } from '../schema/turn.ts'

export interface OpenTurn {
  readonly turn: LoadedTurn
  readonly agent: Agent
  /** Of a step that comes behind a decision. */
  readonly progress?: TurnProgress
}

/** The turn and its agent. @throws {FencedError} another generation runs, or the turn is gone. */
export async function openTurn(
  ports: Pick<Ports, 'turns' | 'agents'>,
  ref: TurnRef,
  step: string,
  round = 1,
): Promise<OpenTurn> {
  const turn = await ports.turns.load(ref, round)
  if (!turn) throw new FencedError(step)
  return { turn, agent: await agentOf(ports, turn) }
}

/** A fork has an agent of its own. */
export const agentOf = ({ agents }: Pick<Ports, 'agents'>, turn: LoadedTurn): Promise<Agent> =>
  agents.get(turn.agentId, turn.agentVersion, turn.forkOf && turn.turnId)

/** A turn that is about to end, also when its agent cannot be loaded any more. */
export interface EndingTurn {
  readonly turn: LoadedTurn
  /** Undefined when it cannot be: its secrets were sealed with another key, for example. */
  readonly agent: Agent | undefined
}

/** Below the time of a local step: an agent that never loads must not keep a turn from ending. */
const LOAD_LIMIT_MS = 2_000

/** An agent that does not load must not hold up its room. @throws {FencedError} as `openTurn`. */
export async function openEnding(
  ports: Pick<Ports, 'turns' | 'agents' | 'log'>,
  ref: TurnRef,
  step: string,
): Promise<EndingTurn> {
  const turn = await ports.turns.load(ref)
  if (!turn) throw new FencedError(step)
  try {
    const { signal } = new AbortController()
    return { turn, agent: await withinTime(signal, LOAD_LIMIT_MS, () => agentOf(ports, turn)) }
  } catch (error) {
    if (error instanceof UnavailableError) throw error // it will load when Postgres is back
    const ids = { ...ref, roomId: turn.room.id, agentId: turn.agentId }
    ports.log.warn(ids, 'The agent cannot be loaded; its turn ends without it.', error)
    return { turn, agent: undefined }
  }
}

export type ContextPorts = Pick<Ports, 'memories' | 'records' | 'approvals' | 'models'>

export function turnContext(
  { turn, agent, progress }: OpenTurn,
  ports: ContextPorts,
  signal: AbortSignal,
): TurnContext {
  const { approvals, ...memories } = createReader(turn, ports)
  return {
    agent,
    turn: { turnId: turn.turnId, gen: turn.gen },
    room: turn.room,
    message: turn.message,
    participation: turn.participation,
    ...(progress && { progress }),
    memories,
    records: ports.records.of(turn.agentId),
    approvals,
    hasModel: (purpose) => canDo(ports, agent, purpose),
    now: Date.now(),
    signal,
  }
}

/** By the first of the chain: a fallback may still fail to. No call is made. */
async function canDo({ models }: ContextPorts, agent: Agent, purpose: ModelPurpose) {
  const chain = await models.chain(purpose, agent).catch(() => [])
  return chain.some(({ vendor }) => OFFERS[purpose]?.(vendor) ?? true)
}

const OFFERS: Partial<Readonly<Record<ModelPurpose, (vendor: ModelVendor) => boolean>>> = {
  IMAGE: ({ draw }) => draw !== undefined,
  TEXT_EMBEDDING: ({ embed }) => embed !== undefined,
}

/** Asks for each thing once per step: several providers want the same rows. */
function createReader(
  turn: LoadedTurn,
  { memories, approvals }: ContextPorts,
): MemoryReader & Pick<TurnContext, 'approvals'> {
  const answers = new Map<string, Promise<unknown>>()
  const once = <T>(key: string, read: () => Promise<T>): Promise<T> => {
    const answer = answers.get(key) ?? read()
    answers.set(key, answer)
    return answer as Promise<T> // the key names one read, and so one type
  }
  const { id: roomId, agentId } = turn.room
  return {
    recent: ({ type, count }) =>
      once(`recent:${type}:${count}`, () =>
        memories
          .recent({ roomId, agentId, type, count, upTo: turn.message.createdAt })
          .then((found) => found.filter(({ id }) => !turn.mergedMemoryIds.includes(id))),
      ),
    entities: () => once('entities', () => memories.entities(roomId)),
    approvals: () =>
      turn.hasChoices === false
        ? Promise.resolve([])
        : once('approvals', () => approvals.pending({ roomId, entityId: turn.message.entityId })),
  }
}
