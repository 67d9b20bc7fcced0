import { randomUUID } from 'node:crypto'
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { RecordWrite } from '../../agent/records.ts'
import { createOldRowsCleaner, LOG_AGE_MS } from '../../bin/old-rows-cleaner.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { deleteAgent } from '../../memory/agents.ts'
import { ensureConnections } from '../../memory/connections.ts'
import { channelIdOf } from '../../memory/records/room-channel.ts'
import { createRecords } from '../../memory/records.ts'
import { isUuid } from '../../schema/ids.ts'
import { nextOutboxRow } from '../../turns/outbox.ts'
import * as write from '../contract/record-writes.ts'
import { describeDatabases } from '../support/databases.ts'
import { createStepBench } from '../support/step-bench.ts'
import { attemptOf, createAgent, createChannel, first, runTurn } from '../support/turn-fixtures.ts'

describeDatabases('what agents have stored', (open) => {
  let database: OpenDatabase
  let agentId: string
  beforeAll(async () => {
    database = await open()
  })
  beforeEach(async () => {
    agentId = await createAgent(database.db)
  })
  const records = () => createRecords(database.db)
  const commit = (...writes: readonly RecordWrite[]) => records().commit(agentId, writes)
  const reads = () => records().of(agentId)
  const sent = (roomId: string, outboxSource: string | null = null) =>
    ({
      kind: 'message.send',
      ...{ id: randomUUID(), memoryId: randomUUID(), roomId },
      ...{ content: { text: 'Tea is ready.' }, outboxSource },
    }) as const

  it('keeps all of ten keys that are set at once', async () => {
    const made = write.world()
    await commit(made)
    const keys = Array.from({ length: 10 }, (_, at) => `key ${at}`)
    const set = (key: string): RecordWrite => ({
      ...{ kind: 'world.set', id: made.world.id, path: ['roles', key], value: key },
    })
    await Promise.all(keys.map((key) => commit(set(key))))
    const [world] = await reads().worlds([made.world.id])
    expect(Object.keys(world?.metadata.roles ?? {}).sort()).toEqual(keys)
  })

  it('leaves with the agent, all of it', async () => {
    const { room } = write.room()
    await commit(
      ...[write.room(room), write.memory({ roomId: room.id, embedding: [1, 2] })],
      ...[write.component({ entityId: 'Sam' }), write.task(), write.log({})],
      { kind: 'cache.put', key: 'key', value: 1 },
    )
    const tables = ['memory_embeddings', 'components', 'tasks', 'logs', 'cache']
    const count = async () => {
      const one = (table: string) => sql`select 1 from ${sql.table(table)}`.execute(database.db)
      return Promise.all(tables.map(async (table) => (await one(table)).rows.length))
    }
    expect(await count()).toEqual([1, 1, 1, 1, 1])
    await deleteAgent(database.db, agentId)
    expect(await count()).toEqual([0, 0, 0, 0, 0])
  })

  it('takes any text: NUL and halves of letters become U+FFFD', async () => {
    const id = randomUUID()
    const text = 'a\u0000b\ud800'
    await commit(
      write.entity({ id, names: [text], metadata: { [text]: text } }),
      write.memory({ roomId: agentId, type: text, content: { text } }),
      write.task({ name: text, tags: [text] }),
      { kind: 'cache.put', key: text, value: text },
    )
    expect(await reads().entities([id])).toMatchObject([{ names: ['a�b�'] }])
    expect(await reads().memories({ type: text })).toMatchObject([{ content: { text: 'a�b�' } }])
    expect(await reads().tasks({ name: text, tags: [text] })).toHaveLength(1)
    expect(await reads().cached(text)).toBe('a�b�')
  })

  it('lists no pictures, and keeps them when a listed message is written back', async () => {
    const url = `data:image/png;base64,${'A'.repeat(500)}`
    const content = { text: 'Look', attachments: [{ id: '1', url }] }
    const { memory } = write.memory({ roomId: agentId, content })
    await commit({ kind: 'memory.create', memory })
    const [listed] = await reads().memories({})
    expect(JSON.stringify(listed)).not.toContain('A'.repeat(100))
    const changed = { ...listed?.content, text: 'Seen' }
    await commit({ kind: 'memory.update', id: memory.id, content: changed })
    const [whole] = await reads().memoriesById([memory.id])
    expect(whole?.content).toEqual({ ...content, text: 'Seen' })
  })

  it('refuses what would never be stored, by name', async () => {
    const roomId = agentId
    const bad: readonly (readonly [RecordWrite, string])[] = [
      [write.memory({ roomId: 'lobby' }), "roomId 'lobby' of 'memory.create' is no UUID"],
      [write.task({ id: '7' }), "id '7' of 'task.put' is no UUID"],
      [write.task({ name: 'n'.repeat(501) }), 'has 501 characters'],
      [write.memory({ roomId, embedding: [1, Number.NaN] }), 'each a finite number'],
      [write.memory({ roomId, embedding: [1e300] }), 'each a finite number'],
      [sent(randomUUID()), 'has no room'],
    ]
    for (const [one, words] of bad) {
      await expect(commit(write.log({}), one)).rejects.toMatchObject({
        ...{ name: 'RecordError', message: expect.stringContaining(words) },
      })
    }
    expect(await reads().logs({})).toEqual([])
  })

  it('is cleaned of old logs and of cached values whose time is over', async () => {
    const [old, young] = [write.log({}), write.log({})]
    const put = (key: string, expiresAt?: number): RecordWrite => ({
      ...{ kind: 'cache.put', key, value: 1, expiresAt },
    })
    await commit(old, young, put('over', Date.now() - 1), put('on'))
    await sql`
      update logs set created_at = created_at - ${LOG_AGE_MS + DAY_MS}::float8 * interval '1 millisecond'
      where id = ${old.log.id}`.execute(database.db)
    let now = 0
    const clean = createOldRowsCleaner(database.db, () => now)
    now += LOG_AGE_MS
    await clean()
    expect((await reads().logs({})).map(({ id }) => id)).toEqual([young.log.id])
    const left = await sql`select key from cache where agent_id = ${agentId}`.execute(database.db)
    expect(left.rows).toEqual([{ key: 'on' }])
  })

  describe('when something is said in another room', () => {
    it('shows it there, and sends it where the platform knows the room', async () => {
      const { room } = write.room({ channelId: '-100123', source: 'loopback' })
      const message = sent(room.id, 'loopback')
      await commit(write.room(room), message)
      expect(await nextOutboxRow(database.db, room.id)).toMatchObject({
        ...{ id: message.id, source: 'loopback', content: message.content },
        ...{ room: { externalId: '-100123' }, replyTo: undefined },
      })
      const shown = await database.db
        .selectFrom('messages')
        .innerJoin('channels', 'channels.id', 'messages.channel_id')
        .select(['messages.author_id', 'messages.content', 'channels.name'])
        .where('messages.id', '=', message.id)
        .execute()
      expect(shown).toEqual([{ author_id: agentId, content: 'Tea is ready.', name: 'A room' }])
    })

    it('replies there to no message of the room where the turn is', async () => {
      const { db } = database
      const turn = await runTurn(db, await createChannel(db), { externalId: 'platform-1' })
      const attempt = attemptOf(turn)
      const { journal } = createStepBench({ database }).worker()
      const there = write.room({ source: 'loopback' })
      await journal.claim(attempt, { step: 'act', beforeSettle: true })
      const said = sent(there.room.id, 'loopback')
      await journal.finish(attempt, 'act', {}, { ...NOTHING, turn, records: [there, said] })
      expect(await nextOutboxRow(db, there.room.id)).toMatchObject({
        ...{ turnId: turn.turnId, replyTo: undefined },
      })
    })
  })

  it('has a channel of its own for each room, whatever the platform calls it', async () => {
    const channelId = randomUUID()
    const rooms = ['-100123', '-100123', channelId, channelId].map((one) =>
      write.room({ channelId: one }),
    )
    await commit(...rooms)
    const idOf = (roomId: string) => channelIdOf(database.db, { agentId, roomId })
    const ids = await Promise.all(rooms.map(({ room }) => idOf(room.id)))
    expect(ids[2]).toBe(channelId)
    expect(new Set(ids).size).toBe(4)
    expect(ids.filter((id) => isUuid(id ?? ''))).toHaveLength(4)
    expect([await idOf(randomUUID()), await idOf('lobby')]).toEqual([undefined, undefined])
  })

  it('becomes the room and the person of a message that comes later', async () => {
    const channel = await createChannel(database.db)
    const [{ roomId, entityId, agentId: other }] = [first(channel.rooms)]
    const of = records().of(other)
    const unknown = write.joins(roomId, entityId)
    await records().commit(other, [{ kind: 'room.delete', ids: [roomId] }, unknown])
    await sql`update entities set names = '{}' where id = ${entityId}`.execute(database.db)
    expect(await of.rooms([roomId])).toMatchObject([{ source: 'unknown' }])
    await reconnect(database, other, { channelId: channel.channelId, roomId, entityId })
    expect(await of.rooms([roomId])).toMatchObject([
      { source: 'client_chat', type: 'DM', channelId: channel.channelId },
    ])
    expect(await of.entitiesOfRoom(roomId)).toMatchObject([{ names: ['Kim'] }, { names: ['Ada'] }])
  })
})

const DAY_MS = 24 * 3_600_000

const NOTHING = { messages: [], memories: [], relationships: [], outboxSource: null }

async function reconnect(
  { db }: OpenDatabase,
  agentId: string,
  place: { channelId: string; roomId: string; entityId: string },
): Promise<void> {
  await ensureConnections(db, [
    {
      ...{ ...place, agentId, agentName: 'Ada', worldId: randomUUID() },
      ...{ messageServerId: randomUUID(), channelName: 'A test', entityName: 'Kim' },
      ...{ source: 'client_chat', type: 'DM' },
    },
  ])
}
