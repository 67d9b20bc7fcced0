import { type Kysely, sql } from 'kysely'
import type { Parked, ParkInput } from '../agent/approvals.ts'
import type { Database } from '../schema/database.ts'
import { createUniqueUuid, stringToUuid } from '../schema/ids.ts'
import type { HeadTurn } from '../schema/turn.ts'
import { releaseHead } from './cancel.ts'
import { lockRoomAndTurn } from './head.ts'
import { voidClaims } from './journal.ts'
import { type WriteTarget, writeMessage } from './writes.ts'

/**
 * Takes a turn out of its room's queue until somebody answers: what it said, the question, the
 * approval and its deadline in one transaction, and the room goes on. Run again, it finds the parked turn and still
 * names the next head. A turn that was told to stop is not parked.
 */
export function park(db: Kysely<Database>, input: ParkInput, deadlineMs: number): Promise<Parked> {
  const { turnId, room } = input.turn
  return db.transaction().execute(async (trx) => {
    await lockRoomAndTurn(trx, { roomId: room.id, turnId })
    if (await leaveQueue(trx, input)) {
      await ask(trx, input, deadlineMs)
      return parked(trx, room.id)
    }
    return (await isParked(trx, input)) ? parked(trx, room.id) : { kind: 'refused' }
  })
}

async function leaveQueue(trx: Kysely<Database>, { attempt, reply }: ParkInput): Promise<boolean> {
  const { rows } = await sql`
    update turns set state = 'waiting_approval', ready_at = null, touched_at = clock_timestamp(),
      reply_memory_id = coalesce(${reply?.memoryId ?? null}::uuid, reply_memory_id)
    where id = ${attempt.turnId} and gen = ${attempt.gen} and run_id = ${attempt.runId}
      and state = 'running' and cancel_requested_at is null
    returning 1 as parked`.execute(trx)
  return rows.length > 0
}

/** One statement after the other: a channel shows messages in the order in which they were written. */
async function ask(trx: Kysely<Database>, input: ParkInput, deadlineMs: number): Promise<void> {
  const { attempt, turn, reply, question, outboxSource } = input
  await voidClaims(turn).execute(trx)
  const target: WriteTarget = { turn, step: 'park', outboxSource }
  if (reply) {
    const { messageId: id, memoryId, content } = reply
    await writeMessage(trx, target, { id, memoryId, content })
  }
  const id = questionIdOf(input)
  const memoryId = createUniqueUuid(turn.agentId, id)
  await writeMessage(trx, target, { id, memoryId, content: question, ordinal: 1 })
  await insertApproval(trx, input, deadlineMs)
  await sql`
    insert into steps (turn_id, gen, step, attempt, token, state, result, finished_at)
    values (${turn.turnId}, ${turn.gen}, 'park', ${attempt.attempt}, ${attempt.token}, 'done',
      ${JSON.stringify({ approval: input.approvalId, step: input.step })}::jsonb, clock_timestamp())
    on conflict (turn_id, gen, step) do update set state = 'done', result = excluded.result,
      attempt = excluded.attempt, token = excluded.token, finished_at = excluded.finished_at, error = null
    `.execute(trx)
}

const questionIdOf = ({ approvalId }: ParkInput) => stringToUuid(`question:${approvalId}`)

async function insertApproval(
  trx: Kysely<Database>,
  input: ParkInput,
  deadlineMs: number,
): Promise<void> {
  const { turn, request, approvalId, step } = input
  await sql`
    insert into approvals (id, agent_id, room_id, channel_id, turn_id, gen, step, action, parameters, question,
      approvable_by, entity_id, message_id, state, deadline_at)
    values (${approvalId}, ${turn.agentId}, ${turn.room.id}, ${turn.channelId}, ${turn.turnId}, ${turn.gen}, ${step},
      ${request.action}, ${JSON.stringify(request.parameters)}::jsonb, ${request.question}, ${request.approvableBy},
      ${turn.message.entityId}, ${questionIdOf(input)}, 'pending',
      clock_timestamp() + ${deadlineMs}::float8 * interval '1 millisecond')`.execute(trx)
}

/** By this generation; it may have been answered since. */
async function isParked(
  trx: Kysely<Database>,
  { attempt, approvalId }: ParkInput,
): Promise<boolean> {
  const { rows } = await sql`
    select 1 as parked from approvals where id = ${approvalId} and gen = ${attempt.gen}`.execute(
    trx,
  )
  return rows.length > 0
}

async function parked(trx: Kysely<Database>, roomId: string): Promise<Parked> {
  const head: HeadTurn | undefined = await releaseHead(trx, roomId)
  const { rows } = await sql<{ waits: boolean }>`
    select exists (select from outbox where room_id = ${roomId} and state in ('pending', 'sending')) as waits`.execute(
    trx,
  )
  return { kind: 'parked', hasOutbox: rows[0]?.waits === true, head }
}
