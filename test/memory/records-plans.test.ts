import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Kysely, sql } from 'kysely'
import type { AgentRecords } from '../../agent/records.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { deleteOldRecords } from '../../memory/records/old-records.ts'
import { createRecords } from '../../memory/records.ts'
import type { Database } from '../../schema/database.ts'
import { openTestPostgres } from '../support/databases.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { poolOf } from '../support/postgres-locks.ts'
import { type Plan, plansOf } from '../support/query-plans.ts'
import { createAgent } from '../support/turn-fixtures.ts'

const AGENTS = 40
/** Of each agent, in each table. */
const ROWS = 250
/** More memories, of one room. */
const BUSY_ROOM = 2_000

describe('in a database with 10,000 rows of a kind, of 40 agents', () => {
  let server: TestPostgres
  let database: OpenDatabase
  let filled: Awaited<ReturnType<typeof fill>>
  const ids = { room: randomUUID(), world: randomUUID(), entity: randomUUID() }
  beforeAll(async () => {
    server = await startPostgres()
    database = await openTestPostgres(server)
    filled = await fill(database.db, ids)
  })
  afterAll(async () => {
    await database.close()
    await server.stop()
  })
  const plansFor = (work: (db: Kysely<Database>) => Promise<unknown>) =>
    plansOf(poolOf(database), work)
  const read = (
    ask: (records: AgentRecords) => Promise<unknown>,
    { agentId }: { agentId: string } = filled,
  ) => plansFor((db) => ask(createRecords(db).of(agentId)))
  const mostRead = (plans: readonly Plan[]) =>
    Math.max(...plans.flatMap(({ read: { worlds: _few, ...grown } }) => Object.values(grown)))

  it('reads as many memories of a room and type, and logs, as it was asked for', async () => {
    const { busy } = filled
    const memories = await read(
      (records) => records.memories({ roomIds: [busy.room], type: 'messages', count: 20 }),
      busy,
    )
    expect(memories).toMatchObject([{ indexes: expect.arrayContaining(['memories_room']) }])
    expect(mostRead(memories)).toBeLessThanOrEqual(21) // one more tells the order of equal times
    const logs = await read((records) => records.logs({ count: 20 }))
    expect(logs).toMatchObject([{ indexes: ['logs_agent'], scanned: [] }])
    expect(mostRead(logs)).toBeLessThanOrEqual(21)
    const tasks = await read((records) => records.tasks({ name: 'TASK 7' }))
    expect(tasks).toMatchObject([{ indexes: ['tasks_name'], scanned: [] }])
    expect(mostRead(tasks)).toBe(1)
  })

  it('reads no table from end to end, whatever is asked, and only what is the agent’s', async () => {
    const { room, world, entity } = ids
    const asked: Record<string, (records: AgentRecords) => Promise<unknown>> = {
      type: (records) => records.memories({ type: 'messages' }),
      all: (records) => records.memories({ count: 10_000 }),
      world: (records) => records.memories({ worldId: world }),
      entity: (records) => records.memories({ entityId: entity }),
      document: (records) => records.memories({ documentId: 'document 3' }),
      search: (records) => records.searchMemories({ embedding: [1, 2], type: 'messages' }),
      count: (records) => records.countMemories({ type: 'messages' }),
      participants: (records) => records.participants(room),
      roomIdsOf: (records) => records.roomIdsOf([entity]),
      roomsOfWorld: (records) => records.roomsOfWorld(world),
      components: (records) => records.components({ entityId: entity }),
      relationships: (records) => records.relationships({ entityId: entity }),
      cached: (records) => records.cached('key 7'),
      tasks: (records) => records.tasks({ roomId: room }),
      logs: (records) => records.logs({ roomId: room }),
    }
    for (const [name, ask] of Object.entries(asked)) {
      const plans = await read(ask)
      expect([
        name,
        plans.flatMap(({ scanned }) => scanned.filter((table) => table !== 'worlds')),
      ]).toEqual([name, []])
      expect([name, mostRead(plans) > ROWS + 1, plans]).toEqual([name, false, plans])
    }
  })

  it('finds old rows by their age', async () => {
    const plans = await plansFor((db) => deleteOldRecords(db, 30 * 24 * 3_600_000))
    expect(plans.flatMap(({ indexes }) => indexes)).toEqual(
      expect.arrayContaining(['logs_day', 'cache_expiry']),
    )
  })
})

/** `ROWS` rows per agent and table; the first agent's are at `ids`, each other's at its own. */
async function fill(db: Kysely<Database>, ids: { room: string; world: string; entity: string }) {
  const agents = await Promise.all(Array.from({ length: AGENTS }, () => createAgent(db)))
  const [agentId = '', busyId = ''] = agents
  const mine = (id: string) =>
    sql`case when a.id = ${agentId}::uuid then ${id}::uuid else gen_random_uuid() end`
  await sql`
    create table place as select a.id as agent_id, ${mine(ids.room)} as room, ${mine(ids.world)} as world,
      ${mine(ids.entity)} as entity, gen_random_uuid() as other from agents a`.execute(db)
  const each = sql`from place p, generate_series(1, ${sql.lit(ROWS)}) n`
  const statements = [
    sql`insert into worlds (id, agent_id, message_server_id) select world, agent_id, world from place`,
    sql`insert into rooms (id, agent_id, world_id, channel_id, source, type)
      select other, agent_id, world, other, 'test', 'GROUP' from place`,
    sql`insert into rooms (id, agent_id, world_id, channel_id, source, type)
      select room, agent_id, world, room, 'test', 'GROUP' from place`,
    sql`insert into rooms (id, agent_id, world_id, channel_id, source, type)
      select gen_random_uuid(), agent_id, world, gen_random_uuid(), 'test', 'GROUP'
      from place, generate_series(1, 50)`,
    sql`insert into entities (id, agent_id, names) select entity, agent_id, '{Sam}' from place`,
    sql`insert into entities (id, agent_id, names) select gen_random_uuid(), agent_id, '{Kim}' ${each}`,
    sql`insert into participants (entity_id, room_id, agent_id) select e.id, p.room, p.agent_id
      from entities e join place p on p.agent_id = e.agent_id`,
    sql`insert into relationships (id, agent_id, source_entity_id, target_entity_id)
      select gen_random_uuid(), p.agent_id, p.entity, e.id
      from place p join entities e on e.agent_id = p.agent_id and e.id <> p.entity`,
    sql`insert into memories (id, type, agent_id, room_id, world_id, entity_id, content, metadata, created_at)
      select gen_random_uuid(), case when n % 2 = 0 then 'messages' else 'facts' end, agent_id,
        case when n % 7 < 3 then room else other end, world,
        entity, '{}', jsonb_build_object('documentId', 'document ' || n % 20), now() - n * interval '1 second' ${each}`,
    sql`insert into memories (id, type, agent_id, room_id, world_id, entity_id, content, created_at)
      select gen_random_uuid(), 'messages', agent_id, case when n % 3 = 0 then room else other end, world, entity, '{}', now() - n * interval '1 second'
      from place, generate_series(1, ${sql.lit(3 * BUSY_ROOM)}) n where agent_id = ${busyId}`,
    sql`insert into memory_embeddings (memory_id, agent_id, dims, embedding)
      select id, agent_id, 2, '[1,2]' from memories`,
    sql`insert into components (id, agent_id, entity_id, type, data)
      select gen_random_uuid(), agent_id, entity, 'type ' || n, '{}' ${each}`,
    sql`insert into tasks (id, agent_id, name, description, room_id)
      select gen_random_uuid(), agent_id, 'TASK ' || n, '', room ${each}`,
    sql`insert into logs (id, agent_id, room_id, type, body, created_at)
      select gen_random_uuid(), agent_id, room, 'note', '{}', now() - n * interval '1 hour' ${each}`,
    sql`insert into cache (agent_id, key, value, expires_at)
      select agent_id, 'key ' || n, '1', now() + n * interval '1 hour' ${each}`,
    sql`analyze`,
  ]
  for (const statement of statements) await statement.execute(db)
  const { rows } = await sql<{ room: string }>`
    select room from place where agent_id = ${busyId}`.execute(db)
  return { agentId, busy: { agentId: busyId, room: rows[0]?.room ?? '' } }
}
