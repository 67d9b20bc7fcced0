import type { Kysely } from 'kysely'
import type { ComparedAction, ComparedTurn } from '../../api/forks-port.ts'
import type { Database } from '../../schema/database.ts'
import type { Json, JsonObject } from '../../schema/json.ts'
import { isTurnCode } from '../../schema/turn.ts'
import { actionsOf, lastRound } from '../../turns/fork-plan.ts'
import { saidByActions } from '../../turns/forks.ts'
import { findResults, findTrace, type TurnRow } from '../../turns/trace.ts'

/** One of the two turns that are compared. */
export interface Side {
  readonly turn: ComparedTurn
  /** What the model was asked at last; '' when it did not come to that. */
  readonly prompt: string
  readonly actions: readonly ComparedAction[]
  readonly text: string | null
}

type Trace = Awaited<ReturnType<typeof findTrace>>
type Step = Trace['steps'][number]

/** What a turn did in one of its generations. */
export async function readSide(
  db: Kysely<Database>,
  turn: NonNullable<TurnRow>,
  gen: number,
): Promise<Side> {
  // What a fork took over is older than the fork; its room is small.
  const since = turn.fork_of === null ? turn.accepted_at : new Date(0)
  const place = { turnId: turn.id, roomId: turn.room_id, since }
  const [trace, said, [result]] = await Promise.all([
    findTrace(db, turn.id),
    saidByActions(db, place),
    findResults(db, [turn.id]),
  ])
  const steps = trace.steps.filter((step) => step.gen === gen)
  const prompts = new Map(
    trace.prompts.flatMap((row) => (row.gen === gen ? [[row.step, row.prompt]] : [])),
  )
  const results = new Map(steps.map((step) => [step.step, step.result ?? {}]))
  const round = lastRound({ turnId: turn.id, steps: results, prompts: new Set(prompts.keys()) })
  const decision = results.get(round.decide)
  // A newer generation has a reply of its own: then the decision is all that is left of this one's.
  const reply = turn.gen === gen ? result?.reply?.text : (decision?.reply ?? decision?.said)
  return {
    turn: { ...costOf(trace, gen), ...standing(turn, gen, steps) },
    prompt: prompts.get(round.decide) ?? '',
    actions: actionsOf(decision).map((action, index) => {
      const name = `runAction:${round.actionsBefore + index}`
      const spoken = said.flatMap(({ step, text }) => (step === name && text ? [text] : []))
      const parameters = objectOf(objectOf(decision?.parameters)?.[action]) ?? {}
      const ran = steps.find(({ step }) => step === name)
      return { action, parameters, said: spoken, ...outcomeOf(ran) }
    }),
    text: typeof reply === 'string' ? reply : null,
  }
}

function standing(turn: NonNullable<TurnRow>, gen: number, steps: readonly Step[]) {
  const began = steps.find(({ step }) => step === 'admit')?.started_at
  const ended = steps.find(({ step }) => step === 'settle')?.finished_at
  return {
    turnId: turn.id,
    gen,
    state: turn.state,
    code: isTurnCode(turn.code) ? turn.code : null,
    error: turn.error,
    latencyMs: began && ended ? ended.getTime() - began.getTime() : null,
  }
}

/** Evaluators come after the turn, and forks have none. */
function costOf({ calls }: Trace, gen: number) {
  const mine = calls.filter((call) => call.gen <= gen && !call.step.startsWith('evaluate:'))
  const sum = (count: (call: (typeof mine)[number]) => number | null) =>
    mine.reduce((total, call) => total + (count(call) ?? 0), 0)
  const models = mine.map(({ vendor, model }) => `${vendor}/${model}`)
  return {
    models: [...new Set(models)],
    calls: mine.length,
    inputTokens: sum((call) => call.input_tokens),
    outputTokens: sum((call) => call.output_tokens),
    cost: mine.some(({ cost }) => cost === null) ? null : sum(({ cost }) => Number(cost)),
    modelMs: sum((call) => call.latency_ms),
  }
}

function outcomeOf(step: Step | undefined) {
  const result = step?.state === 'done' ? (step.result ?? {}) : {}
  return {
    success: typeof result.success === 'boolean' ? result.success : null,
    dryRun: result.dryRun === true,
    wouldAsk: result.wouldAsk === true,
    error: typeof result.error === 'string' ? result.error : (step?.error ?? null),
  }
}

const objectOf = (value: Json | undefined): JsonObject | undefined =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? value : undefined
