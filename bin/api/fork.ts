import { ConflictError, NotFoundError } from '../../agent/errors.ts'
import type { ForkSummary, ForksPort, NewFork, StartedFork } from '../../api/forks-port.ts'
import { withRetry } from '../../database/failures.ts'
import { FIRST_FORK_STEP } from '../../schema/fork.ts'
import { isTurnCode } from '../../schema/turn.ts'
import { createFork } from '../../turns/fork.ts'
import { type ForkRow, findFork, listForks } from '../../turns/forks.ts'
import { findTurn } from '../../turns/trace.ts'
import type { AgentStore } from '../agent-store.ts'
import { compareTurns } from './compare-turns.ts'
import type { ApiParts } from './parts.ts'
import { readSide } from './turn-side.ts'

export type ForkParts = Pick<ApiParts, 'db' | 'turnDeadlineMs' | 'kick'> & {
  readonly agents: Pick<AgentStore, 'standIn'>
}

/** Turns that are run again in a shadow room, and what came out differently. */
export function createForksPort(parts: ForkParts): ForksPort {
  const { db } = parts
  return {
    create: (turnId, fork) => startFork(parts, turnId, fork),
    async list(turnId) {
      if (!(await findTurn(db, turnId))) throw new NotFoundError('turn', turnId)
      return (await listForks(db, turnId)).map((row) => summary(turnId, row))
    },
    async originalOf(forkId) {
      const turn = await findTurn(db, forkId)
      if (!turn) throw new NotFoundError('turn', forkId)
      if (turn.fork_of === null) throw noFork(forkId)
      return turn.fork_of
    },
    async diff(forkId) {
      const turn = await findTurn(db, forkId)
      if (!turn) throw new NotFoundError('turn', forkId)
      const options = await findFork(db, forkId)
      if (!options || turn.fork_of === null) throw noFork(forkId)
      const original = await findTurn(db, turn.fork_of)
      if (!original) throw new NotFoundError('turn', turn.fork_of) // deleted just now, and the fork with it
      const [before, after] = await Promise.all([
        readSide(db, original, options.source_gen),
        readSide(db, turn, turn.gen),
      ])
      const { from_step: from, model, character } = options
      const fork = { forkId, forkOf: original.id, from, model, state: turn.state }
      return { ...fork, character: nameOf(character), ...compareTurns(before, after) }
    },
  }
}

async function startFork(
  { db, agents, turnDeadlineMs: deadlineMs, kick }: ForkParts,
  turnId: string,
  { from = FIRST_FORK_STEP, character, ...rest }: NewFork,
): Promise<StartedFork> {
  const model = rest.model ?? null
  const standIn =
    character === undefined ? null : await standInFor({ db, agents }, turnId, character)
  const input = { turnId, from, model, character: standIn, deadlineMs }
  const { head, channelId } = await withRetry(() => createFork(db, input))
  kick(head)
  const fork = { forkId: head.turnId, forkOf: turnId, from, model, state: 'queued' as const }
  return { ...fork, character: nameOf(standIn?.open), channelId, deadlineAt: head.deadlineAt }
}

async function standInFor(
  { db, agents }: Pick<ForkParts, 'db' | 'agents'>,
  turnId: string,
  character: NonNullable<NewFork['character']>,
) {
  const turn = await findTurn(db, turnId)
  if (!turn) throw new NotFoundError('turn', turnId)
  return agents.standIn(turn.agent_id, character)
}

const nameOf = (character: { readonly name?: unknown } | null | undefined): string | null =>
  typeof character?.name === 'string' ? character.name : null

const noFork = (id: string) =>
  new ConflictError(
    `The turn '${id}' is no fork. POST /api/turns/${id}/fork makes one; ask for the difference by the fork's id.`,
  )

const summary = (forkOf: string, row: ForkRow): ForkSummary => ({
  forkId: row.id,
  forkOf,
  from: row.from_step,
  model: row.model,
  character: row.character_name,
  state: row.state,
  code: isTurnCode(row.code) ? row.code : null,
  acceptedAt: row.accepted_at.getTime(),
  settledAt: row.settled_at?.getTime() ?? null,
})
