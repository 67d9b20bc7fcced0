import type { Evidence, Rows } from './evidence.ts'
import { TASKS, type TaskName, taskIdOf } from './task-id.ts'
import { type Violation, violation } from './violation.ts'

/** What a plugin writes in each step: one memory, one component, one entry of the cache. */
const TYPES: Readonly<Record<string, string>> = {
  composeState: 'noticed',
  'runAction:0': 'paid',
  'runAction:1': 'enrolled',
}

/**
 * I4 for plugins: what a member wrote is there once, also when it failed in the end, and not at all when it
 * was cut off for good. The same for what their tasks wrote.
 */
export function checkRecords({ rows, hasPlugins }: Evidence): Violation[] {
  if (!hasPlugins) return []
  return rows.turns.flatMap(({ id }) => [
    ...Object.keys(TYPES).flatMap((step) => ofStep(rows, id, step)),
    ...ofTasks(rows, id),
  ])
}

function ofStep({ steps, memories, records }: Rows, turnId: string, step: string): Violation[] {
  const type = TYPES[step] ?? ''
  const hasEnded = steps.some(
    (s) => s.turnId === turnId && s.step === step && s.state === 'done' && !s.isUnknown,
  )
  const found = {
    memories: memories.filter((m) => m.turnId === turnId && m.type === type).length,
    components: countOf(records, 'component', { turnId, type }),
    'entries of the cache': countOf(records, 'cache', { turnId, type }),
  }
  const wanted = hasEnded ? 1 : 0
  return Object.entries(found)
    .filter(([, count]) => count !== wanted)
    .map(([what, count]) =>
      violation('I4', `${step} of ${turnId} left ${count} ${what} '${type}', not ${wanted}`),
    )
}

function ofTasks({ steps, records, taskRuns }: Rows, turnId: string): Violation[] {
  const isMade = steps.some(
    (s) => s.turnId === turnId && s.step === 'runAction:1' && s.success === true,
  )
  // Of the const.
  return (Object.keys(TASKS) as TaskName[]).flatMap((name) => {
    const states = taskRuns
      .filter(({ taskId }) => taskId === taskIdOf(turnId, name))
      .map(({ state }) => state)
    const done = states.filter((state) => state === 'done').length
    const written = countOf(records, 'component', { turnId, type: name })
    const isUnknown = TASKS[name] === 'once' && states.includes('unknown')
    const task = `${name} of ${turnId}`
    return [
      ...(written === done ? [] : [violation('I4', `${task}: ${done} runs, ${written} rows`)]),
      ...(isMade && done !== 1 && !isUnknown
        ? [violation('effects', `${task} was done ${done} times: ${states.join(', ')}`)]
        : []),
      ...(!isMade && states.length > 0 ? [violation('I4', `${task} ran, and was never made`)] : []),
    ]
  })
}

const countOf = (
  records: Rows['records'],
  kind: 'component' | 'cache',
  { turnId, type }: { turnId: string; type: string },
): number =>
  records.filter((row) => row.kind === kind && row.turnId === turnId && row.type === type).length
