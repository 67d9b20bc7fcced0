import { afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { isUnavailable } from '../../database/failures.ts'
import type { OpenDatabase } from '../../database/open.ts'
import type { JsonObject } from '../../schema/json.ts'
import { storableJson } from '../../schema/text.ts'
import { type AcceptInput, accept } from '../../turns/accept.ts'
import { settle } from '../../turns/settle.ts'
import { describeDatabases } from '../support/databases.ts'
import { hold, poolOf, releaseAll, waitingForLock } from '../support/postgres-locks.ts'
import {
  contents,
  createAgent,
  createChannel,
  first,
  headOf,
  messageTo,
  queueTurn,
  runTurn,
  settlementOf,
  type TestChannel,
  turnRow,
} from '../support/turn-fixtures.ts'

describeDatabases('accepting a message', (open, kind) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  afterEach(releaseAll)
  const db = () => database.db
  const accepted = async (input: AcceptInput) => {
    const result = await accept(db(), input)
    if (result.kind !== 'accepted') throw new Error(`The message is ${result.kind}.`)
    return result
  }
  const messageRow = (input: AcceptInput) =>
    db()
      .selectFrom('messages')
      .selectAll()
      .where('id', '=', input.message.id)
      .executeTakeFirstOrThrow()

  it('stores it, remembers it, and queues a turn that can start at once', async () => {
    const channel = await createChannel(db())
    const input = messageTo(channel, { text: 'Are you there?', deadlineMs: 60_000 })
    const { turnId, memoryId, roomId, agentId, entityId } = first(input.hearers)
    const result = await accepted(input)
    const turn = await turnRow(db(), turnId)

    expect(result.tickets).toEqual([{ turnId, agentId, state: 'queued', answeredBy: null }])
    const deadlineAt = turn.deadline_at.getTime()
    expect(result.heads).toEqual([{ turnId, gen: 1, agentId, roomId, deadlineAt }])
    expect(turn).toMatchObject({ seq: 1, state: 'queued', policy: 'enqueue', memory_id: memoryId })
    expect(turn.ready_at).not.toBeNull()
    expect(deadlineAt - turn.accepted_at.getTime()).toBeCloseTo(60_000, -2)
    expect((await messageRow(input)).created_at).toEqual(result.createdAt)
    const memory = await db()
      .selectFrom('memories')
      .selectAll()
      .where('id', '=', memoryId)
      .execute()
    expect(memory).toMatchObject([
      { type: 'messages', entity_id: entityId, turn_id: turnId, content: input.memory },
    ])
  })

  it('names the older turn of the room while that waits to be started', async () => {
    const channel = await createChannel(db())
    const older = await queueTurn(db(), channel)
    const { heads, tickets } = await accepted(messageTo(channel))
    expect(heads).toEqual([older])
    const mine = await turnRow(db(), first(tickets).turnId)
    expect(mine).toMatchObject({ seq: 2, ready_at: null })
  })

  it('names nobody while a turn of the room runs, and itself when that has ended', async () => {
    const channel = await createChannel(db())
    const running = await runTurn(db(), channel)
    const waiting = await accepted(messageTo(channel))
    expect(waiting.heads).toEqual([])
    await settle(db(), settlementOf(headOf(running)))
    const waitingId = first(waiting.tickets).turnId
    const { heads } = await accepted(messageTo(channel))
    expect(heads.map(({ turnId }) => turnId)).toEqual([waitingId])
  })

  describe('that came before', () => {
    it('writes nothing, and says that it is a repeat', async () => {
      const channel = await createChannel(db())
      await accepted(messageTo(channel, { externalId: 'a-1' }))
      const before = await contents(db())
      const again = await accept(db(), messageTo(channel, { externalId: 'a-1', text: 'Other.' }))
      expect(again).toEqual({ kind: 'repeat' })
      expect(await contents(db())).toEqual(before)
    })

    it('is known by channel, author and external id together', async () => {
      const [one, other] = [await createChannel(db()), await createChannel(db())]
      await accepted(messageTo(one, { externalId: 'a-1' }))
      await accepted(messageTo(other, { externalId: 'a-1' }))
      await accepted(messageTo({ ...one, authorId: other.authorId }, { externalId: 'a-1' }))
      await accepted(messageTo(one, { externalId: 'a-2' }))
      expect((await accept(db(), messageTo(one, { externalId: 'a-2' }))).kind).toBe('repeat')
    })

    it('is not known without an external id', async () => {
      const channel = await createChannel(db())
      await accepted(messageTo(channel))
      await accepted(messageTo(channel))
    })
  })

  describe('for several agents', () => {
    it('queues a turn for each, or for none', async () => {
      const agentIds = [await createAgent(db()), await createAgent(db()), await createAgent(db())]
      const channel = await createChannel(db(), { agentIds })
      const { tickets, heads } = await accepted(messageTo(channel))
      expect(tickets.map(({ agentId }) => agentId).sort()).toEqual([...agentIds].sort())
      expect(heads).toHaveLength(3)

      const before = await contents(db())
      const input = messageTo(channel)
      const broken = { ...first(input.hearers), agentId: channel.channelId } // no such agent
      const hearers = [...input.hearers.slice(1), broken]
      await expect(accept(db(), { ...input, hearers })).rejects.toThrow('foreign key')
      expect(await contents(db())).toEqual(before)
    })

    it('counts each room for itself', async () => {
      const agentIds = [await createAgent(db()), await createAgent(db())]
      const channel = await createChannel(db(), { agentIds })
      await queueTurn(db(), { ...channel, rooms: channel.rooms.slice(1) })
      const { tickets } = await accepted(messageTo(channel))
      const rows = await Promise.all(tickets.map(({ turnId }) => turnRow(db(), turnId)))
      expect(rows.map(({ seq }) => seq).sort()).toEqual([1, 2])
    })
  })

  it('writes nothing into a room that does not exist', async () => {
    const channel = await createChannel(db())
    await sql`delete from agents where id = ${first(channel.rooms).agentId}`.execute(db())
    const before = await contents(db())
    expect(await accept(db(), messageTo(channel))).toEqual({ kind: 'room-missing' })
    expect(await contents(db())).toEqual(before)
  })

  describe('with an odd text', () => {
    const LONG = 'x'.repeat(100_000)
    it.each([
      ['100,000 characters', LONG],
      ['right-to-left text and marks', 'שלום \u202eolleh\u202c مرحبا'],
      ['emoji', '👩‍👩‍👧 🇩🇪 👍🏽'],
      ['SQL', `'); drop table turns; -- $1 :name ?`],
      ['templates', '{{system}} {{{raw}}} $(HOME) <%= 1 %> <response></text>'],
      ['backslashes and quotes', String.raw`\u0000 \' " \\ E'\x00'`],
      ['line ends', 'a\r\nb\u2028c\td'],
      ['nothing', ''],
    ])('stores %s as it is', async (_, text) => {
      const input = messageTo(await createChannel(db()), { text })
      await accepted(input)
      const row = await messageRow(input)
      expect(row.content).toBe(text)
      expect(row.raw_message).toEqual({ message: text })
    })

    it('stores NUL and halves of characters as U+FFFD once they came through the door', async () => {
      const text = 'a\u0000b\ud83dc\ude00d😀'
      const input = storableJson(messageTo(await createChannel(db()), { text }))
      await accepted(input)
      expect((await messageRow(input)).content).toBe('a\ufffdb\ufffdc\ufffdd😀')
    })
  })

  it.each<[string, JsonObject]>([
    ['keys of every kind', { '': 1, __proto__: 2, "a'b": 3, 'a.b': 4, $1: 5, '😀': 6 }],
    ['nested lists', { list: [[], [[1]], [null, true, false]] }],
    ['numbers', { small: 1e-7, big: 123456789012345, negative: -0.5 }],
    ['text that looks like JSON', { text: '{"a": [1, 2}', escaped: '\\u0041 \\n "' }],
    ['nothing', {}],
  ])('keeps metadata with %s', async (_, metadata) => {
    const input = messageTo(await createChannel(db()), { metadata })
    await accepted(input)
    expect((await messageRow(input)).metadata).toEqual(JSON.parse(JSON.stringify(metadata)))
  })

  if (kind === 'pglite') return

  it('leaves nothing when its session is killed in the middle', async () => {
    const channel: TestChannel = await createChannel(db())
    const before = await contents(db())
    // The message's own id is being written by another transaction: the statement waits inside.
    const input = messageTo(channel)
    const lock = await hold(
      database,
      `insert into messages (id, channel_id, author_id, content, source_type) values ($1, $2, $3, '', 'test')`,
      [input.message.id, channel.channelId, channel.authorId],
    )
    const accepting = accept(db(), input).then(
      () => undefined,
      (error: unknown) => error,
    )
    await waitingForLock(database, 1)
    await poolOf(database).query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    )
    expect(isUnavailable(await accepting)).toBe(true)
    await lock.release()
    await db().deleteFrom('messages').where('id', '=', input.message.id).execute()
    expect(await contents(db())).toEqual(before)

    const { tickets } = await accepted(messageTo(channel))
    expect(await turnRow(db(), first(tickets).turnId)).toMatchObject({ seq: 1 })
  })

  it('locks the rooms of several agents in one order, whatever order they are named in', async () => {
    const agentIds = [await createAgent(db()), await createAgent(db())]
    const channel = await createChannel(db(), { agentIds })
    const turned = { ...channel, rooms: [...channel.rooms].reverse() }
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, n) => accept(db(), messageTo(n % 2 ? channel : turned))),
    )
    expect(results.filter((result) => result.kind === 'accepted')).toHaveLength(100)
  })
})
