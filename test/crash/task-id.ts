import { createHash } from 'node:crypto'

/** Tasks that a turn of the agent with plugins leaves behind, by their effects. */
export const TASKS = { SAFE_TASK: 'idempotent', ONCE_TASK: 'once' } as const

export type TaskName = keyof typeof TASKS

/** Of a turn's task, so that its run can be found when the task is gone. */
export function taskIdOf(turnId: string, name: TaskName): string {
  const hex = createHash('md5').update(`${name} of ${turnId}`).digest('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
