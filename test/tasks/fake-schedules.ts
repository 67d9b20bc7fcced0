import type { ScheduledTask, TaskSchedules } from '../../tasks/schedule-ports.ts'
import { specOf } from '../../tasks/task-plan.ts'

/** Temporal's part, as a map from task to what stands there. */
export interface FakeSchedules extends TaskSchedules {
  readonly standing: Map<string, string>
  /** Tasks whose first run was asked for at once. */
  readonly triggered: string[]
  readonly calls: string[]
  isAway: boolean
  /** Dies right after Temporal has done it. */
  diesAfter: 'ensure' | 'remove' | undefined
}

export function fakeSchedules(): FakeSchedules {
  const standing = new Map<string, string>()
  const triggered: string[] = []
  const calls: string[] = []
  const fake: FakeSchedules = {
    ...{ standing, triggered, calls, isAway: false, diesAfter: undefined },
    async ensure({ taskId, plan, isDue }: ScheduledTask) {
      begin(fake, `ensure ${specOf(plan)}`)
      if (!standing.has(taskId) && isDue) triggered.push(taskId)
      standing.set(taskId, specOf(plan))
      end(fake, 'ensure')
    },
    async remove({ taskId, spec }) {
      begin(fake, `remove ${spec}`)
      standing.delete(taskId)
      end(fake, 'remove')
    },
    async runNow({ taskId }) {
      triggered.push(taskId)
    },
  }
  return fake
}

function begin(fake: FakeSchedules, call: string): void {
  if (fake.isAway) throw new Error('Temporal does not answer.')
  fake.calls.push(call)
}

function end(fake: FakeSchedules, call: 'ensure' | 'remove'): void {
  if (fake.diesAfter === call) throw new Error('The process was killed.')
}
