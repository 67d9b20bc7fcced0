import type { Agent } from '../agent/agent.ts'
import type { MemoryReader, TurnContext } from '../agent/context.ts'
import { FencedError } from '../agent/errors.ts'
import type { LoadedTurn, MemoryStore, Ports } from '../agent/ports.ts'
import type { TurnRef } from '../schema/turn.ts'

export interface OpenTurn {
  readonly turn: LoadedTurn
  readonly agent: Agent
}

/** The turn and its agent. @throws {FencedError} another generation runs, or the turn is gone. */
export async function openTurn(
  ports: Pick<Ports, 'turns' | 'agents'>,
  ref: TurnRef,
  step: string,
): Promise<OpenTurn> {
  const turn = await ports.turns.load(ref)
  if (!turn) throw new FencedError(step)
  return { turn, agent: await ports.agents.get(turn.agentId, turn.agentVersion) }
}

export function turnContext(
  { turn, agent }: OpenTurn,
  memories: MemoryStore,
  signal: AbortSignal,
): TurnContext {
  return {
    agent,
    turn: { turnId: turn.turnId, gen: turn.gen },
    room: turn.room,
    message: turn.message,
    memories: createReader(turn, memories),
    now: Date.now(),
    signal,
  }
}

/** Asks for each thing once per step: several providers want the same rows. */
function createReader(turn: LoadedTurn, memories: MemoryStore): MemoryReader {
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
        memories.recent({ roomId, agentId, type, count, upTo: turn.message.createdAt }),
      ),
    entities: () => once('entities', () => memories.entities(roomId)),
  }
}
