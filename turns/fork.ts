import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { ForkStep } from '../schema/fork.ts'
import type { JsonObject } from '../schema/json.ts'
import type { HeadTurn } from '../schema/turn.ts'
import { type ForkPlan, planFork } from './fork-plan.ts'
import { type ForkSource, lockForkSource } from './fork-source.ts'
import { createShadowRoom, type ShadowRoom } from './shadow-room.ts'

/** Marks a step that was taken over: nobody claimed it here. */
const TAKEN_OVER = 'fork'

export interface ForkInput {
  readonly turnId: string
  readonly from: ForkStep
  /** Answers instead of the agent's own models. */
  readonly model: string | null
  /** Stands in for the agent's own; secrets apart and sealed. */
  readonly character: { readonly open: JsonObject; readonly secrets: string | null } | null
  /** From now. */
  readonly deadlineMs: number
}

export interface Forked {
  readonly head: HeadTurn
  readonly channelId: string
}

/**
 * Queues a turn again, in a shadow room of its own, in one transaction.
 *
 * @throws {NotFoundError} @throws {ConflictError} it cannot be forked now, or not from there
 * @throws {InvalidRequestError} it has no such step
 */
export function createFork(db: Kysely<Database>, input: ForkInput): Promise<Forked> {
  return db.transaction().execute(async (trx) => {
    const source = await lockForkSource(trx, input.turnId)
    const plan = planFork(source.journaled, input.from)
    const forkId = randomUUID()
    const shadow = newShadowRoom()
    const { turn, composedAt } = source
    await createShadowRoom(trx, { turn, shadow, forkId, composedAt, written: plan.written })
    const deadlineAt = await insertTurn(trx, { forkId, shadow, source, input })
    await takeOverSteps(trx, { forkId, source, plan })
    const { agentId } = turn
    const { roomId, channelId } = shadow
    const head = { turnId: forkId, gen: 1, agentId, roomId, deadlineAt: deadlineAt.getTime() }
    return { head, channelId }
  })
}

const newShadowRoom = (): ShadowRoom => ({
  roomId: randomUUID(),
  channelId: randomUUID(),
  messageId: randomUUID(),
  memoryId: randomUUID(),
})

interface NewTurn {
  readonly forkId: string
  readonly shadow: ShadowRoom
  readonly source: ForkSource
  readonly input: ForkInput
}

async function insertTurn(
  trx: Kysely<Database>,
  { forkId, shadow, source: { turn }, input }: NewTurn,
): Promise<Date> {
  const row = await trx
    .insertInto('turns')
    .values({
      id: forkId,
      agent_id: turn.agentId,
      room_id: shadow.roomId,
      channel_id: shadow.channelId,
      message_id: shadow.messageId,
      memory_id: shadow.memoryId,
      entity_id: turn.message.entityId,
      seq: 1,
      state: 'queued',
      policy: 'enqueue',
      ready_at: sql<Date>`clock_timestamp()`,
      deadline_at: sql<Date>`clock_timestamp() + ${input.deadlineMs}::float8 * interval '1 millisecond'`,
      fork_of: turn.turnId,
    })
    .returning('deadline_at')
    .executeTakeFirstOrThrow()
  const { model, character } = input
  await trx
    .insertInto('forks')
    .values({
      turn_id: forkId,
      source_gen: turn.gen,
      from_step: input.from,
      model,
      character: character && JSON.stringify(character.open),
      secrets: character?.secrets ?? null,
    })
    .execute()
  return row.deadline_at
}

async function takeOverSteps(
  trx: Kysely<Database>,
  { forkId, source, plan }: { forkId: string; source: ForkSource; plan: ForkPlan },
): Promise<void> {
  if (plan.steps.length > 0) {
    const rows = plan.steps.map(({ step, result }) => ({
      ...{ turn_id: forkId, gen: 1, step, attempt: 0, token: TAKEN_OVER },
      ...{ state: 'done' as const, result: JSON.stringify(result) },
      finished_at: sql<Date>`clock_timestamp()`,
    }))
    await trx.insertInto('steps').values(rows).execute()
  }
  if (plan.prompt === undefined) return
  const { turnId, gen } = source.turn
  await sql`
    insert into prompts (turn_id, gen, step, prompt, state)
    select ${forkId}, 1, 'decide', prompt, state from prompts
    where turn_id = ${turnId} and gen = ${gen} and step = ${plan.prompt}`.execute(trx)
}
