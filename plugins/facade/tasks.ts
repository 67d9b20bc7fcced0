import type { TaskQuery, TaskRecord } from '../../agent/records.ts'
import type { ElizaTask } from '../contract.ts'
import type { Access } from './access.ts'
import { given, toObject } from './json.ts'
import type { TaskMembers } from './record-members.ts'
import type { KeptTask } from './shapes.ts'

/** Rows; when they run is the host's, which hears of each change once it is committed. */
export function taskMembers(access: Access): TaskMembers {
  const list = async (query: TaskQuery): Promise<KeptTask[]> =>
    (await access.records().tasks(query)).map(toElizaTask)
  return {
    async createTask(task) {
      const id = task.id ?? access.nextId('task')
      await access.write(taskPut({ ...task, id, metadata: timed(task, task.metadata) }))
      return id
    },
    getTasks: ({ roomId, tags, entityId }) =>
      list(given({ roomId, entityId, tags: tags && [...tags] })),
    getTask: async (id) => (await list({ ids: [id] }))[0] ?? null,
    getTasksByName: (name) => list({ name }),
    async updateTask(id, task) {
      const [standing] = await list({ ids: [id] })
      if (!standing) return
      const metadata = timed(task, task.metadata ?? standing.metadata)
      await access.write(taskPut({ ...standing, ...given(task), id, metadata }))
    },
    deleteTask: (id) => access.write({ kind: 'task.delete', id }),
  }
}

/** Older plugins say beside the metadata when a task was last done. */
const timed = (
  { updatedAt }: Partial<ElizaTask>,
  metadata: Record<string, unknown> = {},
): Record<string, unknown> => (updatedAt === undefined ? metadata : { updatedAt, ...metadata })

function taskPut(task: ElizaTask & { id: string }) {
  const { id, name, description = '', tags = [], roomId, worldId, entityId } = task
  const metadata = toObject(task.metadata, 'the metadata of a task') ?? {}
  return {
    kind: 'task.put',
    task: {
      ...{ id, name, description, tags: [...tags], metadata },
      ...given({ roomId, worldId, entityId }),
    },
  } as const
}

function toElizaTask({ createdAt: _ours, ...task }: TaskRecord): KeptTask {
  return { ...task, tags: [...task.tags], metadata: structuredClone(task.metadata) }
}
