import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { HeadTurn, TurnState } from '../schema/turn.ts'
import { freshDeadline } from './deadline.ts'
import { forgetPassingReasons } from './described.ts'
import { lockRoomAndTurn, startableHead } from './head.ts'

/** What an operator does about a turn that ended badly. */
export interface OperatorAct {
  readonly turnId: string
  /** Who does it: a name, or an entity's id. */
  readonly by: string
  readonly comment: string | null
}

export interface Retry extends OperatorAct {
  /** Said instead of the message's own text. Storable already; the original is kept beside it. */
  readonly text: string | null
  /** For an agent without a `turnDeadlineMs` of its own. */
  readonly deadlineMs: number
}

export type ActOutcome =
  | { readonly kind: 'done'; readonly head: HeadTurn | undefined }
  | { readonly kind: 'missing' }
  | { readonly kind: 'agent-stopped'; readonly agentId: string }
  /** It does not wait for an operator (any more). */
  | { readonly kind: 'conflict'; readonly state: TurnState; readonly deadLetter: string | null }

interface Standing {
  gen: number
  room_id: string
  agent_id: string
  agent_status: string
  state: TurnState
  code: string | null
  error: string | null
  dead_letter: 'open' | 'retried' | 'skipped' | null
}

/**
 * Queues a turn that ended badly once more: as its next generation, at the tail of its room, with a
 * fresh deadline and new model calls. Under the room's lock: of two operators at once one wins.
 */
export function retryDeadLetter(db: Kysely<Database>, retry: Retry): Promise<ActOutcome> {
  return act(db, retry, async (trx, standing) => {
    const { state, dead_letter: deadLetter } = standing
    const isOver = state === 'failed' || state === 'timed_out'
    const isRetryable = isOver && (deadLetter === 'open' || deadLetter === 'skipped')
    if (!isRetryable) return { kind: 'conflict', state, deadLetter }
    if (standing.agent_status !== 'active') {
      return { kind: 'agent-stopped', agentId: standing.agent_id }
    }
    const original = retry.text === null ? null : await editMessage(trx, retry.turnId, retry.text)
    await forgetPassingReasons(trx, retry.turnId)
    await note(trx, { ...retry, act: 'retry', original }, standing)
    await queueAgain(trx, retry, standing.room_id)
    return { kind: 'done', head: await startableHead(trx, standing.room_id) }
  })
}

/** Says that nothing more is to be done. Done twice it is done once. */
export function skipDeadLetter(db: Kysely<Database>, skip: OperatorAct): Promise<ActOutcome> {
  return act(db, skip, async (trx, standing) => {
    const { state, dead_letter: deadLetter } = standing
    if (deadLetter === 'skipped') return { kind: 'done', head: undefined }
    if (deadLetter !== 'open') return { kind: 'conflict', state, deadLetter }
    await note(trx, { ...skip, act: 'skip', original: null }, standing)
    await sql`update turns set dead_letter = 'skipped' where id = ${skip.turnId}`.execute(trx)
    return { kind: 'done', head: undefined }
  })
}

/** Locks the turn with its room, so that it stays as it is read. */
async function act(
  db: Kysely<Database>,
  { turnId }: OperatorAct,
  work: (trx: Kysely<Database>, standing: Standing) => Promise<ActOutcome>,
): Promise<ActOutcome> {
  return db.transaction().execute(async (trx) => {
    const { rows: places } = await sql<{ room_id: string }>`
      select room_id from turns where id = ${turnId}`.execute(trx)
    const [place] = places
    if (!place) return { kind: 'missing' }
    await lockRoomAndTurn(trx, { turnId, roomId: place.room_id })
    const { rows } = await sql<Standing>`
      select t.gen, t.room_id, t.agent_id, a.status as agent_status, t.state, t.code, t.error, t.dead_letter
      from turns t join agents a on a.id = t.agent_id where t.id = ${turnId}`.execute(trx)
    return rows[0] ? work(trx, rows[0]) : { kind: 'missing' }
  })
}

async function note(
  trx: Kysely<Database>,
  done: OperatorAct & { readonly act: 'retry' | 'skip'; readonly original: string | null },
  { gen, state, code, error }: Standing,
): Promise<void> {
  await trx
    .insertInto('dead_letter_acts')
    .values({
      ...{ turn_id: done.turnId, gen, act: done.act, by_whom: done.by, comment: done.comment },
      ...{ state, code, error, original_text: done.original },
    })
    .execute()
}

/**
 * The new generation knows nothing of the old one but the apology that was said: a new Workflow, an
 * empty journal, new model calls, and whatever was merged into the turn from its first round on.
 */
async function queueAgain(
  trx: Kysely<Database>,
  { turnId, deadlineMs }: Retry,
  roomId: string,
): Promise<void> {
  await sql`
    with room as (
      update rooms set last_seq = last_seq + 1 where id = ${roomId} returning last_seq
    ), joined as (
      update turns set merged_round = 1 where answered_by = ${turnId} and state = 'merged'
    )
    update turns set gen = gen + 1, ledger_from_gen = gen + 1, seq = room.last_seq, state = 'queued',
      dead_letter = 'retried', code = null, error = null, reply_memory_id = null, run_id = null,
      started_at = null, settled_at = null, cancel_requested_at = null, stop_state = null,
      stop_keeps = false, answered_by = null, has_unknown_effect = false,
      ready_at = case when exists (select from turns o where o.room_id = ${roomId}
        and o.state in ('queued', 'running')) then null else clock_timestamp() end,
      touched_at = clock_timestamp(), deadline_from = clock_timestamp(),
      deadline_at = ${freshDeadline(sql`turns.agent_id`, deadlineMs)}
    from room where turns.id = ${turnId}`.execute(trx)
}

/**
 * The message and the agent's memory of it; the first text stays beside it, as the acts know it: what
 * the message's own metadata calls `originalText` may be its client's. @returns the text before.
 */
async function editMessage(
  trx: Kysely<Database>,
  turnId: string,
  text: string,
): Promise<string | null> {
  const { rows } = await sql<{ content: string }>`
    with turn as (select message_id, memory_id from turns where id = ${turnId}),
    before as (select m.id, m.content from messages m join turn on turn.message_id = m.id),
    first as (
      select a.original_text from dead_letter_acts a join turns t on t.id = a.turn_id
      where t.message_id = (select message_id from turn) and a.original_text is not null
      order by a.id limit 1
    ),
    message as (
      update messages m set content = ${text},
        metadata = m.metadata || jsonb_build_object('originalText',
          coalesce((select original_text from first), b.content))
      from before b where m.id = b.id
    ), memory as (
      update memories m set content = m.content || jsonb_build_object('text', ${text}::text),
        metadata = jsonb_build_object('originalText', m.content->'text') || m.metadata
      from turn where m.id = turn.memory_id
    )
    select content from before`.execute(trx)
  return rows[0]?.content ?? null
}
