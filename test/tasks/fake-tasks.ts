import type { WorkContext } from '../../agent/context.ts'
import { FencedError } from '../../agent/errors.ts'
import type { TaskRecord } from '../../agent/records.ts'
import type { TaskRunState } from '../../schema/task.ts'
import type { TaskEnd, TaskFire, TaskPorts, TaskWorker } from '../../tasks/task-ports.ts'

export interface FakeTasks extends TaskPorts {
  readonly rows: Map<string, { state: TaskRunState; token: string; tries: number }>
  readonly ends: TaskEnd[]
  readonly skips: string[]
}

export interface FakeTasksInput {
  readonly task: TaskRecord
  readonly limitMs?: number
  /** @default no plugin has one */
  readonly worker?: Partial<TaskWorker>
}

export const taskNamed = (name: string, more: Partial<TaskRecord> = {}): TaskRecord => ({
  id: '6f1c2ad0-0000-4000-8000-000000000001',
  ...{ name, description: '', tags: ['queue'], metadata: {}, createdAt: 0, updatedAt: 0 },
  ...more,
})

/** Runs of one task in memory, with the rules of the real ones as far as one process needs them. */
export function fakeTasks({ task, limitMs, worker }: FakeTasksInput): FakeTasks {
  const rows: FakeTasks['rows'] = new Map()
  const ends: TaskEnd[] = []
  const skips: string[] = []
  const keyOf = ({ taskId, at }: TaskFire) => `${taskId} ${at}`
  return {
    ...{ rows, ends, skips, limitMs },
    runs: {
      async find(fire) {
        const state = rows.get(keyOf(fire))?.state
        const isOpen = state === undefined || state === 'running' || state === 'again'
        return isOpen ? { kind: 'open', task, agentVersion: 1 } : { kind: 'ended', state }
      },
      async claim(fire, { token }) {
        const row = rows.get(keyOf(fire))
        if (row?.state === 'running') return { kind: 'held' }
        const tries = (row?.tries ?? 0) + 1
        rows.set(keyOf(fire), { state: 'running', token, tries })
        return { kind: 'claimed', tries }
      },
      renew: async (fire, { token }) => rows.get(keyOf(fire))?.token === token,
      async finish(fire, { token }, end) {
        const row = rows.get(keyOf(fire))
        if (row?.token !== token) throw new FencedError(task.id)
        row.state = end.state
        ends.push(end)
      },
      skip: async (_fire, _attempt, reason) => void skips.push(reason),
    },
    workers: {
      find: async () =>
        worker && {
          validate: worker.validate ?? (async () => true),
          execute: worker.execute ?? (async (_context: WorkContext) => undefined),
        },
    },
  }
}
