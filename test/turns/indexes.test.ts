import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Kysely, sql } from 'kysely'
import type { OpenDatabase } from '../../database/open.ts'
import { recentMemories } from '../../memory/memories.ts'
import { findMessage, listMessages } from '../../memory/messages.ts'
import type { Database } from '../../schema/database.ts'
import type { HeadTurn } from '../../schema/turn.ts'
import { accept } from '../../turns/accept.ts'
import { admit } from '../../turns/admit.ts'
import { requestCancel } from '../../turns/cancel.ts'
import { startableHead } from '../../turns/head.ts'
import { claim, finish } from '../../turns/journal.ts'
import { completeCall } from '../../turns/ledger.ts'
import { openCall, standingCall } from '../../turns/ledger-open.ts'
import { nextOutboxRow } from '../../turns/outbox.ts'
import { settle } from '../../turns/settle.ts'
import { deleteOldCounts, spentBy, usedNow } from '../../turns/spending.ts'
import { findLateTurns } from '../../turns/sweep.ts'
import { findTrace, listTurns, turnsOfMessage } from '../../turns/trace.ts'
import { agentLine } from '../support/budget-lines.ts'
import { openTestPostgres } from '../support/databases.ts'
import { ANSWER, callOf } from '../support/ledger-calls.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { poolOf } from '../support/postgres-locks.ts'
import { type Plan, plansOf } from '../support/query-plans.ts'
import {
  attemptOf,
  createAgent,
  createChannel,
  first,
  headOf,
  messageTo,
  queueTurn,
  runTurn,
  settlementOf,
  type TestChannel,
} from '../support/turn-fixtures.ts'

/** Tables that grow with every message. */
const GROWING = ['messages', 'memories', 'turns', 'steps', 'prompts', 'model_calls', 'outbox']
const BUSY_ROOM = 5_000
/** Indexes whose entries turns keep when they end. */
const OF_ALL_TURNS = ['turns_agent', 'turns_message', 'turns_room_id_seq_key']

describe('in a database with 25,000 messages, of which one room has 5,000', () => {
  let server: TestPostgres
  let database: OpenDatabase
  let busy: TestChannel
  beforeAll(async () => {
    server = await startPostgres()
    database = await openTestPostgres(server)
    busy = await fill(database.db)
  })
  afterAll(async () => {
    await database.close()
    await server.stop()
  })
  const plans = (work: (db: Kysely<Database>) => Promise<unknown>) =>
    plansOf(poolOf(database), work)
  const onlyPlan = async (work: (db: Kysely<Database>) => Promise<unknown>) =>
    first(await plans(work))
  const indexesOf = (all: readonly Plan[]) => all.flatMap(({ indexes }) => indexes)
  const scansOf = (all: readonly Plan[]) =>
    all.flatMap(({ scanned }) => scanned).filter((table) => GROWING.includes(table))
  const place = () => {
    const { roomId, agentId } = first(busy.rooms)
    return { roomId, agentId, channelId: busy.channelId }
  }
  const recent = (upTo: number) => (db: Kysely<Database>) =>
    recentMemories(db, { ...place(), type: 'messages', count: 20, upTo })

  it('reads as many memories as it was asked for', async () => {
    const plan = await onlyPlan(recent(Date.now() + 60_000))
    expect(plan.indexes).toEqual(['memories_room'])
    expect(plan.read).toEqual({ memories: 20 })
  })

  it('reads a page of messages, the first and a later one', async () => {
    const page = (before?: number) => (db: Kysely<Database>) =>
      listMessages(db, busy.channelId, { limit: 50, before })
    for (const before of [undefined, Date.now() - 3_600_000]) {
      const plan = await onlyPlan(page(before))
      expect(plan.indexes).toEqual(['messages_channel'])
      expect(plan.read).toEqual({ messages: 50 })
    }
  })

  it('finds the head of a room without its past', async () => {
    const turn = await queueTurn(database.db, busy)
    const plan = await onlyPlan((db) => startableHead(db, place().roomId))
    expect(plan.indexes).toContain('turns_head')
    expect(plan.read).toMatchObject({ turns: 1 })
    await requestCancel(database.db, turn)
  })

  it('finds the next message to send without those that were sent', async () => {
    const plan = await onlyPlan((db) => nextOutboxRow(db, place().roomId))
    expect(plan.indexes).toContain('outbox_room')
    expect(plan.read).toMatchObject({ outbox: 1 })
  })

  it('finds a message by its external id', async () => {
    const key = { channelId: busy.channelId, authorId: busy.authorId, externalId: 'none' }
    expect((await onlyPlan((db) => findMessage(db, key))).indexes).toEqual(['messages_external'])
  })

  it('sweeps by the indexes that were made for it', async () => {
    const limits = { readyMs: 2_000, untouchedMs: 30_000, graceMs: 10_000, lateMs: 3_000 }
    const all = await plans((db) => findLateTurns(db, limits))
    expect(indexesOf(all)).toEqual(expect.arrayContaining(['turns_ready', 'turns_running']))
    // Of a few open turns any index of the open ones will do; the past must not be read.
    expect(indexesOf(all).filter((index) => OF_ALL_TURNS.includes(index))).toEqual([])
    expect(scansOf(all)).toEqual([])
  })

  it('lists turns by agent and by message', async () => {
    const { agentId } = place()
    const byAgent = await onlyPlan((db) => listTurns(db, agentId, { limit: 20 }))
    expect(byAgent).toMatchObject({ indexes: ['turns_agent'], read: { turns: 20 } })
    const byMessage = await plans((db) => turnsOfMessage(db, busy.channelId))
    expect(indexesOf(byMessage)).toContain('turns_message')
  })

  it.each(['room', 'user'] as const)(
    'looks no turn up once per call to tell the spending by %s',
    async (groupBy) => {
      const agentId = await createAgent(database.db)
      await sql`insert into model_calls (id, agent_id, turn_id, gen, step, call, attempt, try, vendor,
          model, purpose, state, input_tokens)
        select gen_random_uuid(), ${agentId}::uuid, t.id, 1, ${groupBy}::text, n, 1, 1, 'v', 'm', 'TEXT_LARGE',
          'complete', 1
        from (select id from turns order by id limit 10) t, generate_series(1, 3000) n`.execute(
        database.db,
      )
      await sql`analyze model_calls`.execute(database.db)
      const today = new Date().toISOString().slice(0, 10)
      const range = { agentId, from: today, to: today, limit: 100 }
      const plan = await onlyPlan((db) => spentBy(db, { ...range, groupBy }))
      expect(plan.read.model_calls).toBeGreaterThanOrEqual(30_000)
      // Ten look-ups, or all turns once for a hash table.
      expect(plan.read.turns).toBeLessThan(30_000)
    },
  )

  it('adds up the calls of the days that are asked for, and of no others', async () => {
    const { agentId } = place()
    const range = { agentId, from: '2026-01-01', to: '2026-01-31', limit: 100 }
    const plan = await onlyPlan((db) => spentBy(db, { ...range, groupBy: 'room' }))
    expect(plan.indexes).toContain('model_calls_agent')
    expect(scansOf([plan])).toEqual([])
    for (const id of [agentId, await createAgent(database.db), await createAgent(database.db)]) {
      await sql`insert into budget_usage (agent_id, scope, scope_id, period, starts, unit, used)
        select ${id}::uuid, 'user', gen_random_uuid(), 'day', current_date - n % 365, 'tokens', n
        from generate_series(1, 20000) n`.execute(database.db)
    }
    await sql`analyze budget_usage`.execute(database.db)
    const counts = await onlyPlan((db) => usedNow(db, agentId, 10))
    expect(counts.indexes).toEqual(['budget_usage_agent'])
    expect(counts.read.budget_usage).toBeLessThan(2_000)
    const deletion = await onlyPlan(deleteOldCounts)
    expect(deletion.indexes).toContain('budget_usage_starts')
    expect(deletion.scanned).toEqual([])
  })

  it('reads no growing table from end to end in any statement of a turn', async () => {
    const all = await plans((db) => wholeTurn(db, busy))
    expect(all.length).toBeGreaterThan(10)
    expect(scansOf(all)).toEqual([])
  })
})

/** A message from accept to settle, and the trace of its turn. */
async function wholeTurn(db: Kysely<Database>, channel: TestChannel): Promise<void> {
  const accepted = await accept(db, messageTo(channel, { externalId: 'a-1' }))
  if (accepted.kind !== 'accepted') throw new Error('The message was not accepted.')
  const turn: HeadTurn = first(accepted.heads)
  const admitted = await admit(db, attemptOf(turn))
  if (admitted.kind !== 'admitted') throw new Error('The turn was not admitted.')
  const attempt = attemptOf(turn)
  await claim(db, attempt, { step: 'decide', beforeSettle: true })
  const call = callOf(turn, { budget: budgetOf(turn) })
  await openCall(db, call)
  await standingCall(db, { attempt, step: 'decide', call: 1, purpose: 'TEXT_LARGE' })
  await completeCall(db, call, ANSWER)
  await finish(db, attempt, 'decide', {})
  await settle(db, settlementOf(turn))
  await findTrace(db, turn.turnId)
}

const budgetOf = (turn: HeadTurn) => ({
  lines: [agentLine(turn, { unit: 'tokens', limit: 1e9, amount: 9 })],
})

/** 200 rooms of 100 messages, and the busy one; each message has a turn that has ended. */
async function fill(db: Kysely<Database>): Promise<TestChannel> {
  const agentIds = [await createAgent(db)]
  const busy = await createChannel(db, { agentIds })
  const others = await Promise.all(
    Array.from({ length: 200 }, () => createChannel(db, { agentIds })),
  )
  await past(db, [busy], BUSY_ROOM)
  await past(db, others, 100)
  for (const channel of others.slice(0, 40)) {
    headOf(await runTurn(db, channel))
    await queueTurn(db, channel)
  }
  await sql`analyze`.execute(db)
  return busy
}

/** `count` turns that were answered, a second apart, and ten messages that wait to be sent. */
async function past(
  db: Kysely<Database>,
  channels: readonly TestChannel[],
  count: number,
): Promise<void> {
  const ids = channels.map(({ channelId }) => channelId)
  await sql`
    with spoken as (
      select r.id as room_id, r.agent_id, r.world_id, r.channel_id, n, gen_random_uuid() as id,
        gen_random_uuid() as memory_id, clock_timestamp() - (${count}::int - n) * interval '1 second' as at
      from rooms r, generate_series(1, ${count}::int) n where r.channel_id = any(${ids}::uuid[])
    ), message as (
      insert into messages (id, channel_id, author_id, content, source_type, external_id, created_at)
      select id, channel_id, agent_id, 'Hello', 'test', n::text, at from spoken
    ), memory as (
      insert into memories (id, type, agent_id, room_id, world_id, entity_id, content, created_at)
      select memory_id, 'messages', agent_id, room_id, world_id, agent_id, '{"text": "Hello"}', at from spoken
    ), sent as (
      insert into outbox (id, room_id, agent_id, turn_id, source, content, state)
      select id, room_id, agent_id, id, 'loopback', '{}', case when n % 500 = 0 then 'pending' else 'sent' end
      from spoken
    ), turn as (
      insert into turns (id, agent_id, room_id, channel_id, message_id, memory_id, entity_id, seq, state, policy,
        accepted_at, deadline_at, touched_at)
      select id, agent_id, room_id, channel_id, id, memory_id, agent_id, n, 'replied', 'enqueue', at, at, at
      from spoken
    )
    update rooms set last_seq = ${count} where channel_id = any(${ids}::uuid[])`.execute(db)
  await sql`
    with turn as (select id from turns where channel_id = any(${ids}::uuid[])), step as (
      insert into steps (turn_id, gen, step, attempt, token, state)
      select id, 1, 'settle', 1, 'past', 'done' from turn
    ), prompt as (
      insert into prompts (turn_id, gen, step, prompt, state) select id, 1, 'decide', 'Hello', '{}' from turn
    )
    insert into model_calls (turn_id, gen, step, call, attempt, vendor, model, purpose, state)
    select id, 1, 'decide', 1, 1, 'openai', 'stub', 'TEXT_LARGE', 'complete' from turn`.execute(db)
}
