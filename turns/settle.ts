import { type Kysely, sql } from 'kysely'
import type { Reply, Settled, SettleInput } from '../agent/ports.ts'
import type { Database } from '../schema/database.ts'
import type { JsonObject } from '../schema/json.ts'
import type { TurnState } from '../schema/turn.ts'
import { endTurn } from './end-turn.ts'
import { lockRoomAndTurn } from './head.ts'
import { voidClaims } from './journal.ts'
import { abandonCalls } from './ledger.ts'
import { openNextGeneration } from './next-generation.ts'
import { hasOutage, noteReached } from './outages.ts'

interface SettledRow {
  settled_state: TurnState | null
  state: TurnState
  seq: number
  has_outbox: boolean
  runs: Record<string, number> | null
  head_id: string | null
  head_gen: number
  head_agent_id: string
  head_deadline_at: Date
}

/**
 * Ends a turn: reply, outbox and outcome in one transaction under the room's lock, and the room is
 * released to its next turn. What its steps have not committed by then, they never will. Run again, it
 * finds the ended row and still names the next head, so a death between commit and start loses nothing. Returns undefined when the turn was deleted.
 */
export async function settle(
  db: Kysely<Database>,
  input: SettleInput,
): Promise<Settled | undefined> {
  const isLate = input.state === 'timed_out'
  // Who asks was reached through Temporal: an outage that nobody saw end is over, and counts.
  if (isLate && (await hasOutage(db))) await noteReached(db)
  return db.transaction().execute(async (trx) => {
    await lockRoomAndTurn(trx, input)
    if (isLate) await goOnWithMoreTime(trx, input)
    const { rows } = await settleStatement(input).execute(trx)
    return rows[0] && toSettled(rows[0], input.roomId)
  })
}

/** Less is not worth another model call. */
const WORTHWHILE_MS = 5_000

/**
 * Time in which Temporal was away was added to the deadline since the Workflow was started: the turn
 * goes on as its next generation. Compared by the row's own deadlines, so that no clock's skew counts.
 */
async function goOnWithMoreTime(
  trx: Kysely<Database>,
  { deadlineAt, ...turn }: SettleInput,
): Promise<void> {
  if (deadlineAt === undefined) return
  const condition = sql`state in ('queued', 'running') and cancel_requested_at is null
    and deadline_at > ${new Date(deadlineAt + WORTHWHILE_MS)} and deadline_at > clock_timestamp()`
  await openNextGeneration(trx, turn, condition)
}

function settleStatement(input: SettleInput) {
  const { turnId, gen, roomId, reply } = input
  const content = JSON.stringify(reply?.content ?? {})
  return sql<SettledRow>`
    with ended as (
      ${endTurn(input)}
    ), voided as (
      ${voidClaims({ turnId, gen })} and step <> 'settle' and exists (select from ended)
    ), abandoned as (
      ${abandonCalls({ turnId, gen })} and exists (select from ended)
    ), message as (
      insert into messages (id, channel_id, author_id, content, raw_message, in_reply_to, source_type, metadata, turn_id)
      select ${reply?.messageId ?? null}::uuid, channel_id, agent_id, ${reply?.content.text ?? ''}, ${content}::jsonb,
        message_id, 'agent_response', ${JSON.stringify(messageMetadata(reply))}::jsonb, id
      from ended where speaks and ${reply !== null}::boolean
      on conflict do nothing
    ), memory as (
      insert into memories (id, type, agent_id, room_id, world_id, entity_id, content, metadata, turn_id, step)
      select ${reply?.memoryId ?? null}::uuid, 'messages', e.agent_id, e.room_id, r.world_id, e.agent_id,
        ${content}::jsonb, '{"type":"message"}'::jsonb, e.id, 'settle'
      from ended e join rooms r on r.id = e.room_id where speaks and ${reply !== null}::boolean
      on conflict do nothing
    ), sent as (
      insert into outbox (id, room_id, agent_id, turn_id, source, content, state)
      select ${reply?.messageId ?? null}::uuid, room_id, agent_id, id, ${reply?.outboxSource ?? null}::text,
        ${content}::jsonb, 'pending'
      from ended where speaks and ${reply?.outboxSource != null}::boolean
      on conflict do nothing returning 1
    ), retracted as (
      update outbox set state = 'retracted' from ended e
      where outbox.turn_id = e.id and outbox.state = 'pending' and e.cancel_requested_at is not null
        and not e.stop_keeps
    ), journal as (
      insert into steps (turn_id, gen, step, attempt, token, state, finished_at)
      select id, gen, 'settle', ${input.attempt}::int, ${input.token}, 'done', clock_timestamp() from ended
      on conflict (turn_id, gen, step) do update set state = 'done', attempt = excluded.attempt,
        token = excluded.token, finished_at = excluded.finished_at, error = null
    ), head as (
      select t.id, t.gen, t.agent_id, t.state, t.deadline_at,
        a.status = 'active' and coalesce(t.ready_at <= clock_timestamp(), true) as active
      from turns t join agents a on a.id = t.agent_id
      where t.room_id = ${roomId} and t.state in ('queued', 'running')
        and not (t.id = ${turnId} and exists (select from ended))
      order by t.seq limit 1
    ), released as (
      update turns set ready_at = clock_timestamp()
      from head where turns.id = head.id and turns.state = 'queued' and turns.ready_at is null
    )
    select (select state from ended) as settled_state, t.state, t.seq,
      exists (select from sent)
        or exists (select from outbox o where o.room_id = ${roomId} and o.state in ('pending', 'sending')) as has_outbox,
      (select jsonb_object_agg(evaluator, last_seq) from evaluator_runs where room_id = ${roomId}) as runs,
      h.id as head_id, h.gen as head_gen, h.agent_id as head_agent_id, h.deadline_at as head_deadline_at
    from turns t left join head h on h.state = 'queued' and h.active
    where t.id = ${turnId}`
}

/** What ElizaOS's clients read beside a message: thought and actions. */
function messageMetadata(reply: Reply | null): JsonObject {
  if (!reply) return {}
  const { thought, actions } = reply.content
  return { thought: thought ?? null, actions: actions ?? [] }
}

function toSettled(row: SettledRow, roomId: string): Settled {
  return {
    state: row.settled_state ?? row.state,
    isFirst: row.settled_state !== null,
    seq: row.seq,
    hasOutbox: row.has_outbox,
    evaluatorRuns: row.runs ?? {},
    head:
      row.head_id === null
        ? undefined
        : {
            turnId: row.head_id,
            gen: row.head_gen,
            agentId: row.head_agent_id,
            roomId,
            deadlineAt: row.head_deadline_at.getTime(),
          },
  }
}
