import type { Agent } from '../agent/agent.ts'
import { askingVendor } from '../agent/asking-vendor.ts'
import type { WorkContext } from '../agent/context.ts'
import type { Memory } from '../agent/memory.ts'
import { refuseUnsent } from '../agent/platforms.ts'
import type { Ports } from '../agent/ports.ts'
import type { RecordWrite, RoomRecord, TaskRecord } from '../agent/records.ts'
import { stringToUuid } from '../schema/ids.ts'
import { storableJson } from '../schema/text.ts'
import type { TaskFire } from '../tasks/task-ports.ts'
import type { VendorPorts } from './call-vendor.ts'
import { modelCalls } from './model-calls.ts'

export type TaskContextPorts = Pick<Ports, 'records' | 'connectors'> & VendorPorts

export interface OpenTask {
  readonly agent: Agent
  readonly task: TaskRecord
  readonly fire: TaskFire
  readonly signal: AbortSignal
  /** Milliseconds since the epoch: when its time is up. */
  readonly deadlineAt: number
}

/**
 * What a task's worker may read and do: as in a step of a turn, whose message nobody wrote. Its writes are
 * buffered until the run commits; their ids are made of the task and the time, so a second run for the
 * same time writes the same rows.
 */
export async function taskContext(
  ports: TaskContextPorts,
  { agent, task, fire, signal, deadlineAt }: OpenTask,
): Promise<WorkContext> {
  const records = ports.records.of(agent.id)
  const [found] = task.roomId === undefined ? [] : await records.rooms([task.roomId])
  const room = found ?? ownRoom(agent, task)
  const runId = stringToUuid(`task:${fire.taskId}:${fire.at}`)
  const message = noMessage(agent, task, { id: runId, roomId: room.id, at: fire.at })
  const written: RecordWrite[] = []
  const write = (one: RecordWrite) => void written.push(storableJson(one))
  const nextId = counter(runId)
  let calls = 0
  const next = () => {
    calls += 1
    const subject = found ? { roomId: room.id, worldId: room.worldId } : {}
    return { attempt: null, step: TASK_STEP, call: calls, agent, subject, signal, deadlineAt }
  }
  return {
    agent,
    turn: { turnId: runId, gen: 1 },
    step: TASK_STEP,
    room,
    message,
    memories: {
      recent: async ({ type, count }) =>
        (await records.memories({ type, roomIds: [room.id], count })).toReversed(),
      entities: () => records.entitiesOfRoom(room.id),
    },
    records,
    approvals: async () => [],
    now: Date.now(),
    signal,
    written,
    write,
    say(content) {
      const outboxSource = ports.connectors.for(room.source, agent.id) ? room.source : null
      if (outboxSource === null) refuseUnsent(agent, room)
      const ids = { id: nextId('message'), memoryId: nextId('message-memory') }
      write({ kind: 'message.send', ...ids, roomId: room.id, content, outboxSource })
    },
    remember: (memory) =>
      write({
        kind: 'memory.create',
        memory: { ...memory, id: nextId('memory'), roomId: room.id },
      }),
    relate: (relationship) => write({ kind: 'relationship.put', relationship }),
    ...modelCalls(ports, next),
    asking: (vendor) =>
      modelCalls(ports, () => ({ ...next(), agent: askingVendor(agent, vendor) })),
  }
}

/** In the ledger, and in ids. */
const TASK_STEP = 'task'

function counter(runId: string): (kind: string) => string {
  const counts = new Map<string, number>()
  return (kind) => {
    const ordinal = counts.get(kind) ?? 0
    counts.set(kind, ordinal + 1)
    return stringToUuid(`${runId}:${kind}:${ordinal}`)
  }
}

/** Of a task that names no room, or one that is gone: ElizaOS's agents have a room of their own id. */
const ownRoom = ({ id }: Agent, task: TaskRecord): RoomRecord => ({
  id: task.roomId ?? id,
  agentId: id,
  worldId: task.worldId ?? id,
  channelId: id,
  source: 'task',
  type: 'SELF',
  metadata: {},
})

const noMessage = (
  agent: Agent,
  task: TaskRecord,
  { id, roomId, at }: { id: string; roomId: string; at: number },
): Memory => ({
  id,
  entityId: task.entityId ?? agent.id,
  agentId: agent.id,
  roomId,
  content: { text: '', source: 'task' },
  metadata: {},
  createdAt: at,
})
