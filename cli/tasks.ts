import type { z } from 'zod'
import type { task, taskRun } from '../schema/tasks-api.ts'
import type { Paint } from './paint.ts'
import { printableLine } from './printable.ts'

type Task = z.output<typeof task>
type Run = z.output<typeof taskRun>

/** A line per task, and one below it for a run that did not go well. */
export const renderTasks = (tasks: readonly Task[], paint: Paint): string =>
  tasks.length === 0 ? 'There are none.' : tasks.map((one) => renderTask(one, paint)).join('\n')

/** The task and as many of its runs as came with it, the newest first. */
export function renderTask(one: Task, paint: Paint): string {
  const { id, name, runs } = one
  const title = `${id}  ${paint.name(printableLine(name))}  ${whenOf(one)}`
  return [title, ...runs.map((run) => `  ${runLine(run, paint)}`)].join('\n')
}

function whenOf({ everySeconds, dueAt }: Task): string {
  if (everySeconds !== null) return `every ${everySeconds} s`
  return dueAt === null ? 'waits to be chosen' : `once, at ${timeOf(dueAt)}`
}

function runLine({ scheduledAt, state, tries, error }: Run, paint: Paint): string {
  const words = [timeOf(scheduledAt), state, tries > 1 ? `(try ${tries})` : '']
  const line = words.filter((word) => word !== '').join(' ')
  const reason = error === null ? line : `${line}: ${printableLine(error)}`
  return state === 'failed' || state === 'unknown' ? paint.bad(reason) : paint.dim(reason)
}

const timeOf = (ms: number) => new Date(ms).toISOString().replace('T', ' ').slice(0, 19)
