import type { JsonObject } from '../../../schema/json.ts'
import type { MemoryReader, TurnContext } from '../../context.ts'
import type { TaskRecord } from '../../records.ts'
import { isShared } from './room-kind.ts'
import { isObject, mayManage, worldOf } from './world-of.ts'

/** A task of a plugin that waits until somebody chooses (ElizaOS's tag AWAITING_CHOICE). */
export interface WaitingTask {
  readonly task: TaskRecord
  readonly options: readonly { readonly name: string; readonly description: string }[]
}

const TAG = 'AWAITING_CHOICE'
/** ElizaOS's option that every such task has: it is deleted. */
export const ABORT = 'ABORT'

const asked = new WeakMap<MemoryReader, Promise<readonly WaitingTask[]>>()

/**
 * Tasks of the room that the author of the message may choose for: its own, all of them in a direct
 * conversation, else as owner or admin. Agents without plugins that carry out tasks have none, and nothing
 * is read for them.
 */
export function waitingTasks(context: TurnContext): Promise<readonly WaitingTask[]> {
  if (!context.agent.runTask) return Promise.resolve([])
  const known = asked.get(context.memories) ?? read(context)
  asked.set(context.memories, known)
  return known
}

async function read(context: TurnContext): Promise<readonly WaitingTask[]> {
  const { records, room, message } = context
  const tasks = await records.tasks({ roomId: room.id, tags: [TAG] })
  if (tasks.length === 0) return []
  const manages = !isShared(room) || mayManage(await worldOf(context), message.entityId)
  return tasks
    .filter(({ entityId }) => manages || entityId === message.entityId)
    .map((task) => ({ task, options: optionsOf(task) }))
    .filter(({ options }) => options.length > 0)
}

/** ElizaOS's tasks name their options as texts or as objects. */
function optionsOf({ metadata }: TaskRecord): WaitingTask['options'] {
  const given = Array.isArray(metadata.options) ? metadata.options : []
  return given.flatMap((option) => {
    if (typeof option === 'string') return [{ name: option, description: '' }]
    if (!isObject(option) || typeof option.name !== 'string') return []
    return [{ name: option.name, description: descriptionOf(option) }]
  })
}

const descriptionOf = ({ description }: JsonObject): string =>
  typeof description === 'string' ? description : ''
