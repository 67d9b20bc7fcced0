import { type Kysely, sql } from 'kysely'
import { ConflictError, NotFoundError } from '../agent/errors.ts'
import type { LoadedTurn } from '../agent/ports.ts'
import type { Database } from '../schema/database.ts'
import type { JsonObject } from '../schema/json.ts'
import { isTerminal, type TurnState } from '../schema/turn.ts'
import { loadTurn } from './admit.ts'
import type { Journaled } from './fork-plan.ts'
import { joined, withMerged } from './merged-messages.ts'

/** Forks of one agent that may wait or run at the same time: each costs model calls. */
export const MAX_ACTIVE_FORKS = 4

/** The turn that is forked: what it answered, when, and what it left. */
export interface ForkSource {
  /** Everything it answered is in `message`, as one message. */
  readonly turn: LoadedTurn
  /** What its own agent said before this is what it had in mind when it composed its prompt. */
  readonly composedAt: Date
  readonly journaled: Journaled
}

/**
 * The ended turn, locked so that no new generation of it begins meanwhile, with its agent locked so
 * that forks of one agent are counted one after the other.
 *
 * @throws {NotFoundError} @throws {ConflictError} it runs, is a fork, ended without its message, or
 * its agent is stopped or has enough forks under way.
 */
export async function lockForkSource(trx: Kysely<Database>, turnId: string): Promise<ForkSource> {
  await checkAgent(trx, turnId)
  const gen = await endedGeneration(trx, turnId)
  const turn = await loadTurn(trx, { turnId, gen })
  // A turn that waits answers such a message all the same; one that has answered it is not begun again.
  if (!turn || !(await isRemembered(trx, turnId))) {
    throw new ConflictError(
      `The message of the turn '${turnId}' was deleted, so there is nothing left to run again.`,
    )
  }
  const rows = await journalRows(trx, { turnId, gen })
  const journaled = { turnId, ...rows }
  return { turn: await asOneMessage(trx, turn), composedAt: rows.composedAt, journaled }
}

async function isRemembered(trx: Kysely<Database>, turnId: string): Promise<boolean> {
  const { rows } = await sql`
    select m.id from turns t join memories m on m.id = t.memory_id where t.id = ${turnId}`.execute(
    trx,
  )
  return rows.length > 0
}

async function checkAgent(trx: Kysely<Database>, turnId: string): Promise<void> {
  const agent = await trx
    .selectFrom('agents')
    .innerJoin('turns', 'turns.agent_id', 'agents.id')
    .select(['agents.id', 'agents.name', 'agents.status'])
    .where('turns.id', '=', turnId)
    .forNoKeyUpdate('agents')
    .executeTakeFirst()
  if (!agent) throw new NotFoundError('turn', turnId)
  if (agent.status !== 'active') {
    throw new ConflictError(
      `The agent '${agent.name}' is stopped. Start it with POST /api/agents/${agent.id}/start.`,
      'agent_stopped',
    )
  }
  const active = await trx
    .selectFrom('turns')
    .select('id')
    .where('agent_id', '=', agent.id)
    .where('fork_of', 'is not', null)
    .where('state', 'in', ['queued', 'running'])
    .limit(MAX_ACTIVE_FORKS)
    .execute()
  if (active.length === MAX_ACTIVE_FORKS) {
    throw new ConflictError(
      `The agent '${agent.name}' runs ${MAX_ACTIVE_FORKS} forks already. Wait until one has ended, ` +
        `or cancel one: POST /api/turns/${active[0]?.id}/cancel.`,
    )
  }
}

async function endedGeneration(trx: Kysely<Database>, turnId: string): Promise<number> {
  const turn = await trx
    .selectFrom('turns')
    .select(['gen', 'state', 'fork_of', 'answered_by'])
    .where('id', '=', turnId)
    .forShare()
    .executeTakeFirst()
  if (!turn) throw new NotFoundError('turn', turnId)
  const reason = reasonAgainst(turn)
  if (reason) throw new ConflictError(`The turn '${turnId}' ${reason}`)
  return turn.gen
}

interface Standing {
  readonly state: TurnState
  readonly fork_of: string | null
  readonly answered_by: string | null
}

function reasonAgainst({ state, fork_of, answered_by }: Standing): string | undefined {
  // Its actions were only rehearsed: what came of them is nothing that anybody saw.
  if (fork_of !== null) return `is a fork itself. Fork '${fork_of}' instead.`
  if (state === 'merged') return `was answered by the turn '${answered_by}'. Fork that one.`
  if (!isTerminal(state)) return `is still '${state}'. Wait for its end, or cancel it.`
  return undefined
}

/** The message that is answered last, with the text and the attachments of all: a fork knows from the beginning what steered the original. */
async function asOneMessage(trx: Kysely<Database>, turn: LoadedTurn): Promise<LoadedTurn> {
  let whole = turn
  for (let round = 2; round <= turn.rounds; round += 1) {
    const next = await withMerged(trx, turn, round)
    const content = joined([whole.message.content, next.message.content])
    whole = {
      ...whole,
      message: { ...next.message, content },
      mergedMemoryIds: [...whole.mergedMemoryIds, ...next.mergedMemoryIds],
    }
  }
  return whole
}

interface JournalRow {
  steps: Record<string, JsonObject | null> | null
  prompts: string[] | null
  composed_at: Date
}

/** A prompt that an earlier generation composed keeps that time: a parked turn may go on days later. */
async function journalRows(trx: Kysely<Database>, ref: { turnId: string; gen: number }) {
  const of = sql`turn_id = ${ref.turnId} and gen = ${ref.gen}`
  const { rows } = await sql<JournalRow>`
    select (select jsonb_object_agg(step, result) from steps where ${of} and state = 'done') as steps,
      (select array_agg(step) from prompts where ${of}) as prompts,
      coalesce((select min(p.created_at) from prompts p join prompts newest using (turn_id, step, prompt)
          where newest.turn_id = ${ref.turnId} and newest.gen = ${ref.gen}),
        (select started_at from steps where ${of} and step = 'admit'), t.settled_at, t.accepted_at) as composed_at
    from turns t where t.id = ${ref.turnId}`.execute(trx)
  const row = rows[0]
  if (!row) throw new NotFoundError('turn', ref.turnId)
  const steps = Object.entries(row.steps ?? {}).map(
    ([step, result]) => [step, result ?? {}] as const,
  )
  return {
    steps: new Map(steps),
    prompts: new Set(row.prompts ?? []),
    composedAt: row.composed_at,
  }
}
