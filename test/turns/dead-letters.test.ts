import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { OpenDatabase } from '../../database/open.ts'
import { setAgentStatus } from '../../memory/agents.ts'
import { replyIdOf } from '../../schema/ids.ts'
import type { HeadTurn, TurnRef } from '../../schema/turn.ts'
import { actsAbout, listDeadLetters } from '../../turns/dead-letter-list.ts'
import { type Retry, retryDeadLetter, skipDeadLetter } from '../../turns/dead-letters.ts'
import { claim } from '../../turns/journal.ts'
import { completeCall } from '../../turns/ledger.ts'
import { openCall } from '../../turns/ledger-open.ts'
import { settle } from '../../turns/settle.ts'
import { describeDatabases } from '../support/databases.ts'
import { ANSWER, callOf } from '../support/ledger-calls.ts'
import {
  admitTurn,
  attemptOf,
  createChannel,
  first,
  headOf,
  queueTurn,
  replyTo,
  runTurn,
  settlementOf,
  type TestChannel,
  turnRow,
} from '../support/turn-fixtures.ts'

const MINUTE_MS = 60_000

describeDatabases('a dead letter', (open, kind) => {
  let database: OpenDatabase
  let channel: TestChannel
  beforeAll(async () => {
    database = await open()
  })
  beforeEach(async () => {
    await sql`delete from agents`.execute(database.db)
    channel = await createChannel(database.db)
  })
  const db = () => database.db
  const fail = (turn: HeadTurn, state: 'failed' | 'timed_out' = 'failed') =>
    settle(
      db(),
      settlementOf(turn, {
        ...{ state, code: 'model_rejected', error: 'The key is wrong.' },
        reply: replyTo(turn, 'Sorry.'),
      }),
    )
  /** A turn that has failed, in the channel. */
  const failed = async (text?: string): Promise<HeadTurn> => {
    const turn = headOf(await runTurn(db(), channel, { text }))
    await fail(turn)
    return turn
  }
  const retry = ({ turnId }: TurnRef, given: Partial<Retry> = {}) =>
    retryDeadLetter(db(), {
      ...{ turnId, by: 'sam', comment: null, text: null, deadlineMs: 5 * MINUTE_MS },
      ...given,
    })
  /** Retries it and lets a Workflow take it. */
  const again = async (turn: HeadTurn): Promise<HeadTurn> => {
    await retry(turn)
    const { gen } = await turnRow(db(), turn.turnId)
    return headOf(await admitTurn(db(), { turnId: turn.turnId, gen }, `run-${gen}`))
  }
  const said = async () => {
    const { rows } = await sql<{ content: string }>`
      select content from messages
      where source_type = 'agent_response' and channel_id = ${channel.channelId} order by created_at`.execute(
      db(),
    )
    return rows.map(({ content }) => content)
  }
  const all = { limit: 10 }

  it.each(['failed', 'timed_out'] as const)('is open when its turn %s', async (state) => {
    const turn = headOf(await runTurn(db(), channel, { text: 'Hello?' }))
    await fail(turn, state)
    expect(await listDeadLetters(db(), { ...all, state: 'open' })).toMatchObject([
      {
        ...{ id: turn.turnId, state, dead_letter: 'open', text: 'Hello?' },
        ...{ code: 'model_rejected', error: 'The key is wrong.', author_id: channel.authorId },
      },
    ])
  })

  it('is none when its turn ended well', async () => {
    await settle(db(), settlementOf(headOf(await runTurn(db(), channel))))
    expect(await listDeadLetters(db(), all)).toEqual([])
  })

  it('is none when its turn was told to stop and then failed', async () => {
    const turn = headOf(await runTurn(db(), channel))
    await sql`update turns set cancel_requested_at = clock_timestamp()`.execute(db())
    await fail(turn)
    expect(await turnRow(db(), turn.turnId)).toMatchObject({
      state: 'cancelled',
      dead_letter: null,
    })
  })

  it('is open, for somebody to look, when an effect of its turn is unknown', async () => {
    const turn = headOf(await runTurn(db(), channel))
    await sql`update turns set has_unknown_effect = true`.execute(db())
    await settle(db(), settlementOf(turn))
    expect(await listDeadLetters(db(), all)).toMatchObject([
      { state: 'replied', dead_letter: 'open', has_unknown_effect: true },
    ])
    expect(await retry(turn)).toEqual({ kind: 'conflict', state: 'replied', deadLetter: 'open' })
    const skip = { turnId: turn.turnId, by: 'sam', comment: 'It happened.' }
    expect(await skipDeadLetter(db(), skip)).toMatchObject({ kind: 'done' })
  })

  describe('that is retried', () => {
    it('queues its turn behind all others of the room, as its next generation, with a fresh deadline', async () => {
      const turn = await failed()
      const waiting = await queueTurn(db(), channel)
      await sql`update turns set deadline_at = deadline_at - interval '1 hour' where id = ${turn.turnId}`.execute(
        db(),
      )
      expect(await retry(turn)).toMatchObject({ kind: 'done', head: { turnId: waiting.turnId } })
      const row = await turnRow(db(), turn.turnId)
      expect(row).toMatchObject({
        ...{ state: 'queued', gen: 2, seq: 3, ready_at: null, code: null, error: null },
        ...{ settled_at: null, started_at: null, run_id: null, reply_memory_id: null },
        dead_letter: 'retried',
      })
      expect(row.deadline_at.getTime()).toBeGreaterThan(Date.now() + 4 * MINUTE_MS)
      expect(row.deadline_from.getTime()).toBeGreaterThan(row.accepted_at.getTime())
      const next = await queueTurn(db(), channel)
      expect((await turnRow(db(), next.turnId)).seq).toBe(4)
    })

    it('makes its turn the head when nobody is before it', async () => {
      const turn = await failed()
      const outcome = await retry(turn)
      expect(outcome).toMatchObject({ kind: 'done', head: { turnId: turn.turnId, gen: 2 } })
    })

    it('gets the deadline of its agent', async () => {
      const turn = await failed()
      await sql`update agents set character = character || '{"settings":{"turnDeadlineMs":3600000}}'`.execute(
        db(),
      )
      await retry(turn)
      const { deadline_at: at } = await turnRow(db(), turn.turnId)
      expect(at.getTime()).toBeGreaterThan(Date.now() + 50 * MINUTE_MS)
    })

    it('keeps who did it, why, and how it had ended', async () => {
      const turn = await failed()
      await retry(turn, { comment: 'The key is mended.' })
      expect(await actsAbout(db(), turn.turnId)).toMatchObject([
        {
          ...{ act: 'retry', by_whom: 'sam', comment: 'The key is mended.', gen: 1 },
          ...{ state: 'failed', code: 'model_rejected', error: 'The key is wrong.' },
          original_text: null,
        },
      ])
      expect(await listDeadLetters(db(), all)).toMatchObject([
        { state: 'queued', code: 'model_rejected', error: 'The key is wrong.' },
      ])
    })

    it('is retried once: a second time says how its turn stands', async () => {
      const turn = await failed()
      await retry(turn)
      const before = await turnRow(db(), turn.turnId)
      expect(await retry(turn)).toEqual({
        ...{ kind: 'conflict', state: 'queued', deadLetter: 'retried' },
      })
      expect(await turnRow(db(), turn.turnId)).toEqual(before)
      await settle(db(), settlementOf(headOf(await admitTurn(db(), { ...turn, gen: 2 }, 'run-2'))))
      expect(await retry(turn)).toMatchObject({ kind: 'conflict', state: 'replied' })
      expect(await actsAbout(db(), turn.turnId)).toHaveLength(1)
    })

    it('waits for its agent: of a stopped one it is refused', async () => {
      const turn = await failed()
      await setAgentStatus(db(), turn.agentId, 'inactive')
      expect(await retry(turn)).toEqual({ kind: 'agent-stopped', agentId: turn.agentId })
      expect((await turnRow(db(), turn.turnId)).gen).toBe(1)
    })

    it('asks the model anew, although an answer of the old generation was paid', async () => {
      const turn = headOf(await runTurn(db(), channel))
      const step = { step: 'decide', beforeSettle: true }
      await claim(db(), attemptOf(turn), step)
      await openCall(db(), callOf(turn))
      await completeCall(db(), callOf(turn), { ...ANSWER, text: 'Unreadable.' })
      await fail(turn)
      const next = await again(turn)
      await claim(db(), attemptOf(next, 1, 'run-2'), step)
      expect(await openCall(db(), callOf(next, { runId: 'run-2' }))).toEqual({ kind: 'open' })
    })

    it('forgets that its turn was once told to stop', async () => {
      const turn = await failed()
      await sql`update turns set cancel_requested_at = clock_timestamp(), stop_state = 'superseded',
        stop_keeps = true`.execute(db())
      const next = await again(turn)
      await settle(db(), settlementOf(next))
      expect(await turnRow(db(), turn.turnId)).toMatchObject({ state: 'replied', stop_state: null })
    })

    it('answers the original message with a message of its own', async () => {
      const turn = await failed()
      const next = await again(turn)
      await settle(db(), settlementOf(next, { reply: replyTo(next, 'Here I am.') }))
      expect(await said()).toEqual(['Sorry.', 'Here I am.'])
      const { message_id } = await turnRow(db(), turn.turnId)
      const { rows } = await sql`
        select content from messages where in_reply_to = ${message_id} and id = ${replyIdOf(next)}`.execute(
        db(),
      )
      expect(rows).toEqual([{ content: 'Here I am.' }])
      expect(await listDeadLetters(db(), all)).toMatchObject([
        { state: 'replied', dead_letter: 'retried' },
      ])
    })

    it('is open again when its turn fails again, and the person hears no second apology', async () => {
      const turn = await failed()
      const { reply_memory_id: apology } = await turnRow(db(), turn.turnId)
      await fail(await again(turn))
      expect(await said()).toEqual(['Sorry.'])
      expect(await turnRow(db(), turn.turnId)).toMatchObject({
        ...{ state: 'failed', gen: 2, dead_letter: 'open', reply_memory_id: apology },
      })
      await fail(await again(turn))
      expect(await said()).toEqual(['Sorry.'])
      expect(await actsAbout(db(), turn.turnId)).toHaveLength(2)
      const { rows } = await sql`select 1 from outbox`.execute(db())
      expect(rows).toEqual([])
    })

    it('says sorry the second time when the first generation could not', async () => {
      const turn = headOf(await runTurn(db(), channel))
      await settle(db(), settlementOf(turn, { state: 'failed', code: 'internal', reply: null }))
      await fail(await again(turn))
      expect(await said()).toEqual(['Sorry.'])
    })

    it('can be given another text; the first one is kept however often it is changed', async () => {
      const turn = await failed('How mny lamps?')
      await retry(turn, { text: 'How many lamps?' })
      const next = await admitTurn(db(), { turnId: turn.turnId, gen: 2 }, 'run-2')
      expect(next.message.content.text).toBe('How many lamps?')
      await fail(headOf(next))
      await retry(turn, { text: 'Lamps?' })
      const { message_id, memory_id } = await turnRow(db(), turn.turnId)
      const { rows } = await sql`
        select m.content, m.metadata->>'originalText' as first, r.content->>'text' as remembered,
          r.content->>'source' as source, r.metadata->>'originalText' as first_remembered
        from messages m, memories r where m.id = ${message_id} and r.id = ${memory_id}`.execute(
        db(),
      )
      expect(rows).toEqual([
        {
          ...{ content: 'Lamps?', remembered: 'Lamps?', source: 'client_chat' },
          ...{ first: 'How mny lamps?', first_remembered: 'How mny lamps?' },
        },
      ])
      expect(await actsAbout(db(), turn.turnId)).toMatchObject([
        { original_text: 'How mny lamps?' },
        { original_text: 'How many lamps?' },
      ])
    })
  })

  it('keeps the first text of a message whose client calls something else so', async () => {
    const metadata = { originalText: 'Wie viele Lampen?', language: 'en' }
    const turn = headOf(await runTurn(db(), channel, { text: 'How mny lamps?', metadata }))
    await fail(turn)
    for (const text of ['How many lamps?', 'Lamps?']) {
      await retry(turn, { text })
      const { gen, message_id: id } = await turnRow(db(), turn.turnId)
      const { metadata: kept } = await db()
        .selectFrom('messages')
        .select('metadata')
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      expect(kept).toEqual({ originalText: 'How mny lamps?', language: 'en' })
      await fail(headOf(await admitTurn(db(), { turnId: turn.turnId, gen }, `run-${gen}`)))
    }
  })

  describe('that is skipped', () => {
    it('is closed once, and can be retried all the same', async () => {
      const turn = await failed()
      const skip = { turnId: turn.turnId, by: 'sam', comment: null }
      await skipDeadLetter(db(), skip)
      await skipDeadLetter(db(), skip)
      expect(await actsAbout(db(), turn.turnId)).toMatchObject([{ act: 'skip' }])
      expect(await listDeadLetters(db(), { ...all, state: 'open' })).toEqual([])
      expect(await retry(turn)).toMatchObject({ kind: 'done' })
      expect(await skipDeadLetter(db(), skip)).toMatchObject({ kind: 'conflict', state: 'queued' })
    })

    it('is not there when there is no such turn', async () => {
      const turnId = '00000000-0000-4000-8000-000000000001'
      expect(await skipDeadLetter(db(), { turnId, by: 'sam', comment: null })).toEqual({
        kind: 'missing',
      })
    })
  })

  it('is found on one page of a list, also when many share a moment', async () => {
    for (let count = 0; count < 7; count += 1) await failed()
    const another = await createChannel(db())
    const foreign = headOf(await runTurn(db(), another))
    await fail(foreign)
    await sql`update turns set dead_letter_at = '2026-01-01 12:00:00.000123' where id <> ${foreign.turnId}`.execute(
      db(),
    )
    await sql`update turns set dead_letter_at = '2026-01-01 12:00:00.000124' where seq in (2, 3) and id <> ${foreign.turnId}`.execute(
      db(),
    )
    const { agentId } = first(channel.rooms)
    const seen: string[] = []
    let before: { atMicros: string; id: string } | undefined
    for (;;) {
      const rows = await listDeadLetters(db(), { limit: 3, agentId, before })
      const last = rows.at(-1)
      if (!last) break
      seen.push(...rows.map(({ id }) => id))
      before = { atMicros: last.at_micros, id: last.id }
    }
    expect(seen).toHaveLength(7)
    expect(new Set(seen).size).toBe(7)
    expect(seen).not.toContain(foreign.turnId)
  })

  if (kind === 'pglite') return

  it('is retried by one of many operators at once', async () => {
    const turn = await failed()
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => retry(turn)))
    expect(outcomes.filter(({ kind }) => kind === 'done')).toHaveLength(1)
    expect(outcomes.filter(({ kind }) => kind === 'conflict')).toHaveLength(7)
    expect(await turnRow(db(), turn.turnId)).toMatchObject({ gen: 2, seq: 2 })
    expect(await actsAbout(db(), turn.turnId)).toHaveLength(1)
  })

  it('gets a place of its own while messages come in', async () => {
    const turn = await failed()
    await Promise.all([
      ...Array.from({ length: 10 }, () => queueTurn(db(), channel)),
      retry(turn),
      ...Array.from({ length: 10 }, () => queueTurn(db(), channel)),
    ])
    const { rows } = await sql<{ ready: number; places: number }>`
      select count(ready_at)::int as ready, count(distinct seq)::int as places from turns
      where state = 'queued'`.execute(db())
    expect(rows).toEqual([{ ready: 1, places: 21 }])
  })
})
