import type { Action } from '../../agent/action.ts'
import type { Plugin } from '../../agent/plugin.ts'
import type { OpenDatabase } from '../../database/open.ts'
import type { JsonObject } from '../../schema/json.ts'
import type { TurnInput } from '../../schema/turn.ts'
import { type Answered, answerApproval, type GivenAnswer } from '../../turns/answer-approval.ts'
import { listApprovals } from '../../turns/approvals.ts'
import { claim, finish } from '../../turns/journal.ts'
import type { StepBench } from './step-bench.ts'
import { admitTurn, attemptOf, first } from './turn-fixtures.ts'

/** One action by that name, and what it was called with. */
export function recordedAction(name: string, given: Partial<Action> = {}) {
  const runs: { parameters: JsonObject; key: string; previous: readonly unknown[] }[] = []
  const action: Action = {
    name,
    description: `Does ${name}.`,
    effect: 'once',
    handler: async ({ parameters, key, previous, say }) => {
      runs.push({ parameters, key, previous })
      say({ text: `${name} is done.` })
      return { success: true }
    },
    ...given,
  }
  const plugin: Plugin = { name: name.toLowerCase(), description: name, actions: [action] }
  return { plugin, runs }
}

/** Turns whose decision names actions, on a step bench. */
export function approvalTurns(database: OpenDatabase, bench: StepBench) {
  const { db } = database
  const decided = async (result: JsonObject, channel?: Parameters<StepBench['turn']>[0]) => {
    const turn = await bench.turn(channel)
    const attempt = attemptOf(turn)
    await claim(db, attempt, { step: 'decide', beforeSettle: true })
    const entry = {
      thought: 'Why not.',
      reply: 'I will see to it.',
      ignored: false,
      isComplete: true,
    }
    await finish(db, attempt, 'decide', { ...entry, attempt: 1, chunks: 0, ...result })
    return turn
  }
  const run = (turn: TurnInput, action: string, { ordinal = 0, attempt = 1 } = {}) =>
    bench.attempt(attempt, (activities) => activities.runAction(turn, { ordinal, action }))
  const park = (turn: TurnInput, { ordinal = 0, attempt = 1 } = {}) =>
    bench.attempt(attempt, (activities) => activities.park(turn, ordinal))
  const approvalOf = async ({ turnId }: TurnInput) =>
    first(await listApprovals(db, { turnId, limit: 10 }))
  return {
    decided,
    run,
    park,
    approvalOf,
    /** A turn whose only action waits for approval. */
    async parked(
      action: string,
      parameters: JsonObject = {},
      channel?: Parameters<typeof decided>[1],
    ) {
      const turn = await decided(
        { actions: [action], parameters: { [action]: parameters } },
        channel,
      )
      await run(turn, action)
      await park(turn)
      return turn
    },
    async answer(
      turn: TurnInput,
      decision: GivenAnswer['decision'],
      given: Partial<GivenAnswer> = {},
    ): Promise<Answered> {
      const { id } = await approvalOf(turn)
      const answer = { id, decision, by: 'Kim', via: 'api', turnDeadlineMs: 300_000 } as const
      const answered = await answerApproval(db, { ...answer, ...given })
      if (!answered) throw new Error('There is no such approval.')
      return answered
    },
    /** The generation that goes on, admitted. */
    async resumed(turn: TurnInput): Promise<TurnInput> {
      const next = { ...turn, gen: turn.gen + 1 }
      await admitTurn(db, next)
      return next
    },
    async said({ turnId }: TurnInput): Promise<string[]> {
      const rows = await db
        .selectFrom('messages')
        .select('content')
        .where('turn_id', '=', turnId)
        .orderBy('created_at')
        .execute()
      return rows.map(({ content }) => content)
    },
    async journaled({ turnId, gen }: TurnInput, step: string) {
      const row = await db
        .selectFrom('steps')
        .select(['state', 'result'])
        .where('turn_id', '=', turnId)
        .where('gen', '=', gen)
        .where('step', '=', step)
        .executeTakeFirst()
      return row
    },
  }
}
