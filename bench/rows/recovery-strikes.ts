import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from '@temporalio/client'
import { turnWorkflowId } from '../../temporal/ids.ts'
import type { Hit, Instruction } from '../../test/crash/control.ts'
import type { Role } from '../../test/crash/seated.ts'
import { type Answer, type ChatBody, defaultAnswer } from '../../test/support/stub-openai.ts'
import type { Cast, Stage } from './recovery-cast.ts'

/** What happens at points and to model calls. Empty: nothing. */
export interface StrikeScript {
  /** Undefined: the process goes on. */
  atPoint?: (hit: Hit) => Promise<Instruction> | undefined
  /** Undefined: the model says what it always says. */
  answer?: (body: ChatBody) => Answer | undefined
}

/** A line of the table: who dies where, and in which time the person must have the reply. */
export interface Line {
  readonly where: string
  readonly budgetSeconds: number
  readonly victim: Role
  /** It needs a second worker, so nobody can be the only one. */
  readonly needsTwo?: boolean
  /**
   * Armed before the message is posted to the channel. Resolves with the time at which the process was
   * hit; never, when the turn went another way.
   */
  strike(stage: Stage, cast: Cast, channelId: Promise<string>): Promise<number>
}

type Signal = 'SIGKILL' | 'SIGSTOP'

const never = new Promise<never>(() => undefined)

/** @returns the time. Nobody waits for the end of a killed process: the others do not know of it. */
function hit(cast: Cast, name: string, signal: Signal): number {
  const seat = cast.seat(name)
  if (!seat) throw new Error(`'${name}' is not on stage.`)
  const at = Date.now()
  if (signal === 'SIGKILL') void seat.end(signal)
  else seat.signal(signal)
  return at
}

/** Hits the first process that comes to the point, while it stands there. */
const atPoint =
  (point: string, signal: Signal): Line['strike'] =>
  ({ script }, cast) => {
    const { promise, resolve } = Promise.withResolvers<number>()
    script.atPoint = ({ point: here, process }) => {
      if (here !== point) return undefined
      script.atPoint = undefined
      resolve(hit(cast, process, signal))
      return never
    }
    return promise
  }

const refusal = (retryAfterMs: number): Answer => ({
  ...{ kind: 'status', status: 503 },
  headers: { 'retry-after-ms': String(retryAfterMs) },
})

const callerOf = ({ model = '' }: ChatBody) => /^large of (.+)$/.exec(model)?.[1]

/** Until the vendor is asked again. It is part of the figure. */
const WAIT_MS = 1_000

/** The vendor said no, and the Workflow waits for the next attempt: no step runs anywhere. */
const whileNoStepRuns: Line['strike'] = async ({ script, site }, cast, channelId) => {
  const { promise, resolve } = Promise.withResolvers<string>()
  script.answer = (body) => {
    const name = callerOf(body)
    if (name === undefined) return undefined
    script.answer = undefined
    resolve(name)
    return refusal(WAIT_MS)
  }
  const name = await promise
  await isWaiting(site.temporal, await cast.turnId(await channelId))
  return hit(cast, name, 'SIGKILL')
}

async function isWaiting({ workflow }: Client, turnId: string): Promise<void> {
  const handle = workflow.getHandle(turnWorkflowId({ turnId, gen: 1 }))
  for (;;) {
    const { raw } = await handle.describe()
    if (raw.pendingActivities?.some(({ attempt }) => Number(attempt) > 1)) return
    await delay(10)
  }
}

/**
 * At most: the fourth would end the turn. Their number changes from turn to turn, because three pollers
 * belong to each worker: three refusals would meet those of one and the same again and again.
 */
const REFUSALS = 3
let turnsRefused = 0

/**
 * What the model takes after the kill; not part of the figure. Within the same instant Temporal would
 * give the next task to the dead, whose connection it still believes in, and wait for its timeout.
 */
const MODEL_MS = 1_000

/**
 * A refused call is given to the next poller, with luck another worker's than the Workflow's own, in
 * whose cache it stays. That one dies while the other has its model call.
 */
const whileAStepRunsElsewhere: Line['strike'] = ({ script }, cast) => {
  turnsRefused += 1
  const refusals = 1 + (turnsRefused % REFUSALS)
  const { promise, resolve } = Promise.withResolvers<number>()
  let cachedAt: string | undefined
  let refused = 0
  script.answer = (body) => {
    const name = callerOf(body)
    if (name === undefined) return undefined
    cachedAt ??= name // its own worker makes the first attempt, eagerly
    if (name === cachedAt) {
      refused += 1
      return refused <= refusals ? refusal(50) : undefined
    }
    script.answer = undefined
    resolve(hit(cast, cachedAt, 'SIGKILL') + MODEL_MS)
    return { ...defaultAnswer(body, 1), pauseAfterFirst: delay(MODEL_MS) }
  }
  return promise
}

export const LINES: readonly Line[] = [
  {
    ...{ where: 'a worker in admit', victim: 'worker', budgetSeconds: 10 },
    strike: atPoint('admit:before', 'SIGKILL'),
  },
  {
    ...{ where: 'a worker in decide, mid-stream', victim: 'worker', budgetSeconds: 10 },
    strike: atPoint('first token:after', 'SIGKILL'),
  },
  {
    ...{ where: 'a worker in settle, before its commit', victim: 'worker', budgetSeconds: 10 },
    strike: atPoint('settle:commit-before', 'SIGKILL'),
  },
  {
    ...{ where: 'the cached worker, while no step runs', victim: 'worker', budgetSeconds: 10 },
    strike: whileNoStepRuns,
  },
  {
    ...{ where: 'the cached worker, while a step runs elsewhere', victim: 'worker' },
    ...{ budgetSeconds: 10, needsTwo: true },
    strike: whileAStepRunsElsewhere,
  },
  {
    ...{ where: 'an api between accept and start', victim: 'api', budgetSeconds: 10 },
    strike: atPoint('start:before', 'SIGKILL'),
  },
  {
    ...{ where: 'a worker in decide, paused for good', victim: 'worker', budgetSeconds: 15 },
    strike: atPoint('first token:after', 'SIGSTOP'),
  },
]
