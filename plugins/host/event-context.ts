import type { Agent } from '../../agent/agent.ts'
import type { ModelCalls, TurnContext, WorkContext } from '../../agent/context.ts'
import type { Content, Memory, Room } from '../../agent/memory.ts'
import { refuseUnsent } from '../../agent/platforms.ts'
import type { LoadedTurn } from '../../agent/ports.ts'
import type { AgentRecords, RecordWrite } from '../../agent/records.ts'
import { stringToUuid } from '../../schema/ids.ts'
import type { TurnRef } from '../../schema/turn.ts'

/** A work context of its own for one handler: what it wrote is kept or dropped as a whole. */
export interface Buffered {
  readonly context: WorkContext
  /** Hands over what was written. */
  flush(): void | Promise<void>
}

/** Within a step: kept writes commit with the step. Reads see what the step wrote before. */
export function bufferedWithin(outer: WorkContext): Buffered {
  const kept: (() => void)[] = []
  const written: RecordWrite[] = [...outer.written]
  return {
    context: {
      ...outer,
      written,
      write(write) {
        written.push(write)
        kept.push(() => outer.write(write))
      },
      say: (content) => void kept.push(() => outer.say(content)),
      remember: (memory) => void kept.push(() => outer.remember(memory)),
      relate: (relationship) => void kept.push(() => outer.relate(relationship)),
    },
    flush() {
      for (const keep of kept) keep()
    },
  }
}

export interface OutsideInput {
  readonly agent: Agent
  readonly records: AgentRecords
  readonly turn: TurnRef
  /** Named like a step: ids of what is written are made of it. */
  readonly step: string
  readonly room: Room
  readonly message: Memory
  readonly now: number
  readonly signal: AbortSignal
}

/** What can be read of a room outside of any step. */
export function contextOutside(input: OutsideInput): TurnContext {
  const { records, room, message, ...rest } = input
  return {
    ...rest,
    ...{ room, message, records },
    memories: {
      recent: async ({ type, count }) => {
        const query = { type, count, roomIds: [room.id], end: message.createdAt }
        return (await records.memories(query)).toReversed()
      },
      entities: () => records.entitiesOfRoom(room.id),
    },
    approvals: async () => [],
  }
}

export interface EventWork extends OutsideInput {
  readonly calls: ModelCalls
  /** The connector that shows the room; null for our own clients. */
  readonly outboxSource: string | null
  commit(writes: readonly RecordWrite[]): Promise<void>
}

/** For a handler of a turn's event: one commit of its own, under ids that a repetition finds again. */
export function bufferedOutside(work: EventWork): Buffered {
  const { calls, commit, outboxSource, ...input } = work
  const written: RecordWrite[] = []
  const write = (next: RecordWrite) => void written.push(next)
  const idOf = (kind: string) => stringToUuid(`${keyOf(work)}:${kind}:${written.length}`)
  const { id: roomId, worldId } = input.room
  return {
    context: {
      ...contextOutside(input),
      ...calls,
      ...{ written, write },
      say(content: Content) {
        if (outboxSource === null) refuseUnsent(input.agent, input.room)
        const [id, memoryId] = [idOf('message'), idOf('message-memory')]
        write({ kind: 'message.send', id, memoryId, roomId, content, outboxSource })
      },
      remember(memory) {
        write({ kind: 'memory.create', memory: { ...memory, id: idOf('memory'), roomId, worldId } })
      },
      relate(relationship) {
        write({ kind: 'relationship.put', relationship })
      },
    },
    async flush() {
      if (written.length > 0) await commit(written)
    },
  }
}

const keyOf = ({ turn, step }: Pick<EventWork, 'turn' | 'step'>) =>
  `${turn.turnId}:${turn.gen}:${step}`

/** Of a turn as its activities have it. */
export const placeOf = ({ turnId, gen, room, message }: LoadedTurn) => ({
  turn: { turnId, gen },
  room,
  message,
})
