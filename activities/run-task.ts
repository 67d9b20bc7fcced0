import type { Ports } from '../agent/ports.ts'
import { RecordError } from '../agent/record-checks.ts'
import type { TaskRecord } from '../agent/records.ts'
import { withinTime } from '../agent/within-time.ts'
import { wordsOf } from '../agent/words-of.ts'
import type { TaskInput, TaskVerdict } from '../schema/task.ts'
import { storableText } from '../schema/text.ts'
import type { TaskAttempt, TaskFire, TaskPorts, TaskWorker } from '../tasks/task-ports.ts'
import { currentRun, withHeartbeats } from './attempt.ts'
import { type TaskContextPorts, taskContext } from './task-context.ts'

export type RunTaskPorts = TaskContextPorts & Pick<Ports, 'agents' | 'log' | 'tasks'>

/** What one run may take. Below the Activity's own limit, so that the end is noted. */
const LIMIT_MS = 5 * 60_000

/** A task that runs once and fails is tried again after these pauses, and then kept with its failure. */
const PAUSES_MS = [5_000, 30_000, 120_000]

/** A third of the lease: two signs of life may be lost. */
const RENEW_MS = 10_000

/**
 * Runs a task for one time: only the worker is claimed, what dies before it is simply repeated. The
 * worker's writes commit with the result of the run.
 */
export const createRunTask = (ports: RunTaskPorts) =>
  async function runTask(
    input: TaskInput & { readonly scheduledAt: number },
  ): Promise<TaskVerdict> {
    const { tasks } = ports
    if (!tasks) throw new Error('This worker was assembled without tasks.')
    const { taskId, agentId, scheduledAt: at } = input
    const fire = { taskId, agentId, at }
    const found = await tasks.runs.find(fire)
    if (found.kind !== 'open') return verdictOf(found)
    return withHeartbeats((signal) => runOpen({ ...ports, tasks }, { ...found, fire, signal }))
  }

interface Opened {
  readonly task: TaskRecord
  readonly agentVersion: number
  readonly fire: TaskFire
  readonly signal: AbortSignal
}

type OpenPorts = RunTaskPorts & { readonly tasks: TaskPorts }

async function runOpen(
  ports: OpenPorts,
  { task, agentVersion, fire, signal }: Opened,
): Promise<TaskVerdict> {
  const { runs, workers, limitMs = LIMIT_MS } = ports.tasks
  const agent = await ports.agents.get(fire.agentId, agentVersion)
  const attempt = currentRun()
  const worker = await workers.find({ id: agent.id, version: agentVersion }, task.name)
  if (!worker) return skip(ports, fire, attempt, { task, reason: noWorker(task) })
  return withOwnership(ports.tasks, fire, attempt, signal, async (owned, own) => {
    const deadlineAt = Date.now() + limitMs
    const context = await taskContext(ports, { agent, task, fire, signal: owned, deadlineAt })
    const valid = await validated(worker, context, owned)
    if (valid !== true) return skip(ports, fire, attempt, { task, reason: valid })
    const claim = await runs.claim(fire, attempt)
    if (claim.kind !== 'claimed') return claimedByAnother(ports, task, claim)
    own()
    const failure = await failureOf(owned, limitMs, (limited) =>
      worker.execute({ ...context, signal: limited }, task, { ...task.metadata }),
    )
    const run = { task, fire, attempt, tries: claim.tries, writes: context.written }
    try {
      return await concluded(ports, { ...run, failure })
    } catch (error) {
      if (!(error instanceof RecordError)) throw error
      return concluded(ports, { ...run, failure: error.message }) // what it wrote can never be stored
    }
  })
}

/** Aborts the worker when somebody else took the run over. */
async function withOwnership(
  { runs }: TaskPorts,
  fire: TaskFire,
  attempt: TaskAttempt,
  signal: AbortSignal,
  work: (owned: AbortSignal, own: () => void) => Promise<TaskVerdict>,
): Promise<TaskVerdict> {
  const lost = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const renew = async () => {
    const isMine = await runs.renew(fire, attempt).catch(() => true) // Postgres is away: the lease tells
    if (!isMine) lost.abort(new Error('Another worker took the run over.'))
  }
  try {
    return await work(AbortSignal.any([signal, lost.signal]), () => {
      timer = setInterval(() => void renew(), RENEW_MS)
    })
  } finally {
    clearInterval(timer)
  }
}

/** What a validation may take: it only looks. */
const VALIDATE_MS = 10_000

/** True, or why it is not run now. */
async function validated(
  worker: TaskWorker,
  context: Parameters<TaskWorker['validate']>[0],
  signal: AbortSignal,
): Promise<true | string> {
  try {
    const isValid = await withinTime(signal, VALIDATE_MS, () => worker.validate(context))
    return isValid || 'Its worker says that it is not to be run now.'
  } catch (error) {
    if (signal.aborted) throw error
    return `Its worker's validate failed: ${wordsOf(error)}`
  }
}

/** Null when it did its work. */
async function failureOf(
  signal: AbortSignal,
  limitMs: number,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<string | null> {
  try {
    await withinTime(signal, limitMs, work)
    return null
  } catch (error) {
    if (signal.aborted) throw error
    return storableText(wordsOf(error))
  }
}

interface Conclusion {
  readonly task: TaskRecord
  readonly fire: TaskFire
  readonly attempt: TaskAttempt
  readonly tries: number
  readonly failure: string | null
  readonly writes: Parameters<TaskPorts['runs']['finish']>[2]['writes']
}

/** What a worker wrote before it failed is not kept, as nothing is of an action that dies. */
async function concluded(
  { tasks, log }: OpenPorts,
  { task, fire, attempt, tries, failure, writes }: Conclusion,
): Promise<TaskVerdict> {
  if (failure === null) {
    await tasks.runs.finish(fire, attempt, { state: 'done', error: null, writes })
    return { kind: 'ended', state: 'done' }
  }
  const afterMs = task.tags.includes('repeat') ? undefined : PAUSES_MS[tries - 1]
  log.warn(undefined, `${titleOf(task)} failed at try ${tries}${NEXT[afterMs ? 'again' : 'over']}`)
  const state = afterMs === undefined ? 'failed' : 'again'
  await tasks.runs.finish(fire, attempt, { state, error: failure, writes: [], afterMs })
  return afterMs === undefined ? { kind: 'ended', state: 'failed' } : { kind: 'again', afterMs }
}

const NEXT = {
  again: '; it is tried again.',
  over: '. See `turnkeeper task show`.',
}

const titleOf = ({ id, name }: TaskRecord) => `The task '${name}' (${id})`

const noWorker = ({ name }: TaskRecord) =>
  `No plugin of the agent has registered a worker for tasks named '${name}'. Add the plugin, or delete the task.`

async function skip(
  { tasks, log }: OpenPorts,
  fire: TaskFire,
  attempt: TaskAttempt,
  { task, reason }: { task: TaskRecord; reason: string },
): Promise<TaskVerdict> {
  log.warn(undefined, `${titleOf(task)} was not run. ${reason}`)
  await tasks.runs.skip(fire, attempt, reason)
  return { kind: 'ended', state: 'skipped' }
}

function claimedByAnother(
  { log }: OpenPorts,
  task: TaskRecord,
  claim: Exclude<Awaited<ReturnType<TaskPorts['runs']['claim']>>, { kind: 'claimed' }>,
): TaskVerdict {
  if (claim.kind === 'ended' && claim.state === 'unknown') {
    log.warn(
      undefined,
      `A process ended within ${titleOf(task)}: it may have done its work. It is not repeated, unless its metadata says effect 'idempotent' or 'none'.`,
    )
  }
  return verdictOf(claim)
}

const verdictOf = (
  found:
    | { kind: 'ended'; state: Extract<TaskVerdict, { kind: 'ended' }>['state'] }
    | { kind: 'held' | 'gone' },
): TaskVerdict => {
  if (found.kind === 'ended') return { kind: 'ended', state: found.state }
  return { kind: 'ended', state: found.kind === 'held' ? 'running' : 'gone' }
}
