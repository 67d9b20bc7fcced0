import { randomUUID } from 'node:crypto'
import { ConflictError, NotFoundError } from '../../agent/errors.ts'
import type { ComparedTurn, ForkSummary, ForksPort, NewFork } from '../../api/forks-port.ts'
import type { TurnTrace } from '../../api/turns-port.ts'

interface FakeFork extends NewFork {
  readonly forkId: string
  readonly forkOf: string
}

/** Forks as new turns of the fake: a test settles them as it settles others. */
export function fakeForks({ turns }: { turns: Map<string, TurnTrace> }): ForksPort {
  const forks: FakeFork[] = []
  const turn = (id: string): TurnTrace => {
    const row = turns.get(id)
    if (!row) throw new NotFoundError('turn', id)
    return row
  }
  const summary = ({ forkId, forkOf, from, model, character }: FakeFork): ForkSummary => ({
    ...{ forkId, forkOf, from: from ?? 'shouldRespond', model: model ?? null },
    character: typeof character?.name === 'string' ? character.name : null,
    ...{ state: turn(forkId).state, code: turn(forkId).code },
    ...{ acceptedAt: turn(forkId).acceptedAt, settledAt: turn(forkId).settledAt },
  })
  return {
    async create(turnId, options) {
      const forkId = randomUUID()
      turns.set(forkId, { ...turn(turnId), turnId: forkId, state: 'queued', reply: null })
      forks.push({ ...options, forkId, forkOf: turnId })
      const { channelId, deadlineAt } = turn(turnId)
      return { ...summary({ ...options, forkId, forkOf: turnId }), channelId, deadlineAt }
    },
    async list(turnId) {
      return forks
        .filter(({ forkOf }) => forkOf === turn(turnId).turnId)
        .map(summary)
        .toReversed()
    },
    async originalOf(forkId) {
      const fork = forks.find((other) => other.forkId === turn(forkId).turnId)
      if (!fork) throw new ConflictError(`The turn '${forkId}' is no fork.`)
      return fork.forkOf
    },
    async diff(forkId) {
      const { reply } = turn(forkId)
      const fork = forks.find((other) => other.forkId === forkId)
      if (!fork) throw new ConflictError(`The turn '${forkId}' is no fork.`)
      const [before, after] = [turn(fork.forkOf), turn(forkId)]
      return {
        ...summary(fork),
        ...{
          before: compared(before),
          after: compared(after),
          prompt: ['@@ -1,1 +1,1 @@', '-a', '+b'],
        },
        actions: { before: [], after: [], added: [], removed: [], changed: [] },
        text: {
          before: 'Before.',
          after: String(reply?.text ?? ''),
          diff: ['-Before.', '+After.'],
        },
      }
    },
  }
}

const compared = ({ turnId, gen, state, code, error }: TurnTrace): ComparedTurn => ({
  ...{ turnId, gen, state, code, error, models: ['openai/some-model'], calls: 1 },
  ...{ inputTokens: 10, outputTokens: 5, cost: null, modelMs: 20, latencyMs: 30 },
})
