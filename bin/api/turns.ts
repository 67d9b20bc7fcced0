import { NotFoundError, UnavailableError } from '../../agent/errors.ts'
import type {
  ModelCallTrace,
  TurnResult,
  TurnStepTrace,
  TurnsPort,
  TurnTrace,
} from '../../api/turns-port.ts'
import { findAgent } from '../../memory/agents.ts'
import { createUniqueUuid, replyIdOf } from '../../schema/ids.ts'
import { isTurnCode, type TurnCode } from '../../schema/turn.ts'
import { turnUiUrl, turnWorkflowId } from '../../temporal/ids.ts'
import { findResults, findTrace, findTurn, listTurns } from '../../turns/trace.ts'
import type { TemporalLink } from '../temporal-link.ts'
import type { ApiParts } from './parts.ts'

export interface TurnsParts extends ApiParts {
  readonly temporal: Pick<TemporalLink, 'namespace' | 'workflows'>
  /** Of Temporal's Web UI, if one is known. */
  readonly uiUrl: string | undefined
}

/** Turns: how they stand, what they did, and the end of one. */
export function createTurnsPort(parts: TurnsParts): TurnsPort {
  const { db } = parts
  const result = async (id: string): Promise<TurnResult> => {
    const [row] = await findResults(db, [id])
    if (!row) throw new NotFoundError('turn', id)
    const { state, reply } = row
    const replyId = replyIdOf({ turnId: id, gen: spokenGen(row) })
    const { agent_id: agentId, answered_by: answeredBy } = row
    const { approval } = row
    const code = codeOf(row.code)
    return { turnId: id, agentId, state, code, replyId, reply, answeredBy, approval }
  }
  const existing = async (id: string) => {
    const turn = await findTurn(db, id)
    if (!turn) throw new NotFoundError('turn', id)
    return turn
  }
  return {
    result,
    trace: async (id) => ({ ...(await result(id)), ...(await traceOf(parts, await existing(id))) }),
    async list(agentId, page) {
      const agent = await findAgent(db, agentId)
      if (!agent) throw new NotFoundError('agent', agentId)
      return (await listTurns(db, agentId, page)).map((row) => ({
        turnId: row.id,
        roomId: row.room_id,
        channelId: row.channel_id,
        state: row.state,
        code: codeOf(row.code),
        acceptedAt: row.accepted_at.getTime(),
        settledAt: row.settled_at?.getTime() ?? null,
      }))
    },
    async cancel(id, partial) {
      const { room_id: roomId } = await existing(id)
      const keepsPartial = partial === 'keep'
      const delivery = await parts.cancelTurn({ turnId: id, roomId, keepsPartial })
      return { ...(await result(id)), delivery }
    },
    async history(id) {
      const { gen } = await existing(id)
      const history = await historyOf(parts, { turnId: id, gen })
      if (!history) throw new NotFoundError('history of the turn', id)
      return { workflowId: turnWorkflowId({ turnId: id, gen }), history }
    },
  }
}

async function historyOf({ temporal }: TurnsParts, turn: { turnId: string; gen: number }) {
  try {
    return await (await temporal.workflows()).history(turn)
  } catch (cause) {
    throw new UnavailableError('Temporal cannot be reached. Try again when it is back.', { cause })
  }
}

/** A turn that was parked said its reply before: under the id of the generation that said it. */
function spokenGen({ id, agent_id, gen, reply_memory_id: spoken }: ResultRow): number {
  if (spoken === null) return gen
  for (let older = gen; older > 0; older -= 1) {
    const replyId = replyIdOf({ turnId: id, gen: older })
    if (createUniqueUuid(agent_id, replyId) === spoken) return older
  }
  return gen
}

type ResultRow = Awaited<ReturnType<typeof findResults>>[number]

const codeOf = (code: string | null): TurnCode | null => (isTurnCode(code) ? code : null)

type Trace = Awaited<ReturnType<typeof findTrace>>

async function traceOf(
  { db, temporal, uiUrl }: TurnsParts,
  turn: NonNullable<Awaited<ReturnType<typeof findTurn>>>,
): Promise<Omit<TurnTrace, keyof TurnResult>> {
  const { steps, prompts, calls } = await findTrace(db, turn.id)
  const ref = { turnId: turn.id, gen: turn.gen }
  return {
    gen: turn.gen,
    roomId: turn.room_id,
    channelId: turn.channel_id,
    messageId: turn.message_id,
    seq: turn.seq,
    policy: turn.policy,
    error: turn.error,
    acceptedAt: turn.accepted_at.getTime(),
    startedAt: turn.started_at?.getTime() ?? null,
    settledAt: turn.settled_at?.getTime() ?? null,
    deadlineAt: turn.deadline_at.getTime(),
    cancelRequestedAt: turn.cancel_requested_at?.getTime() ?? null,
    forkOf: turn.fork_of ?? undefined,
    steps: steps.filter(isFirstOf(steps, isSameStep)).map(toStep),
    prompts: prompts
      .filter(isFirstOf(prompts, isSamePrompt))
      .map(({ step, gen, prompt, state }) => ({ step, gen, prompt, state })),
    modelCalls: calls.map(toCall),
    cost: totalCost(calls),
    workflowId: turnWorkflowId(ref),
    temporalUrl: uiUrl === undefined ? null : turnUiUrl(uiUrl, temporal.namespace, ref),
  }
}

/** What a later generation took over from an older one is shown once: where it was made. */
const isFirstOf =
  <Row extends { gen: number; step: string }>(
    rows: readonly Row[],
    isSame: (one: Row, other: Row) => boolean,
  ) =>
  (row: Row): boolean =>
    !rows.some((older) => older.gen < row.gen && older.step === row.step && isSame(older, row))

type StepRow = Trace['steps'][number]
const isSameStep = (one: StepRow, other: StepRow) =>
  one.state === 'done' &&
  other.state === 'done' &&
  one.started_at.getTime() === other.started_at.getTime()

const isSamePrompt = (one: { prompt: string }, other: { prompt: string }) =>
  one.prompt === other.prompt

const toStep = (row: Trace['steps'][number]): TurnStepTrace => ({
  step: row.step,
  gen: row.gen,
  attempt: row.attempt,
  state: row.state,
  startedAt: row.started_at.getTime(),
  finishedAt: row.finished_at?.getTime() ?? null,
  result: row.result,
  error: row.error,
})

const toCall = (row: Trace['calls'][number]): ModelCallTrace => ({
  step: row.step,
  gen: row.gen,
  call: row.call,
  attempt: row.attempt,
  try: row.try,
  vendor: row.vendor,
  model: row.model,
  purpose: row.purpose,
  state: row.state,
  inputTokens: row.input_tokens,
  outputTokens: row.output_tokens,
  cachedTokens: row.cached_tokens,
  cacheWriteTokens: row.cache_write_tokens,
  cost: row.cost === null ? null : Number(row.cost),
  firstTokenMs: row.first_token_ms,
  latencyMs: row.latency_ms,
  finishReason: row.finish_reason,
  error: row.error,
  errorCode: row.error_code,
})

/** Null as soon as one price is unknown: a sum that leaves something out is no cost. */
function totalCost(calls: Trace['calls']): number | null {
  if (calls.some((call) => call.cost === null)) return null
  return calls.reduce((sum, call) => sum + Number(call.cost), 0)
}
