import { beforeAll, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { OpenDatabase } from '../../database/open.ts'
import { recentMemories } from '../../memory/memories.ts'
import type { HeadTurn } from '../../schema/turn.ts'
import { settle } from '../../turns/settle.ts'
import { describeDatabases } from '../support/databases.ts'
import {
  admitTurn,
  createChannel,
  first,
  queueTurn,
  replyTo,
  settlementOf,
  type TestChannel,
} from '../support/turn-fixtures.ts'

describeDatabases('the recent memories of a room', (open) => {
  let database: OpenDatabase
  let channel: TestChannel
  beforeAll(async () => {
    database = await open()
  })
  const hear = (text: string) => queueTurn(database.db, channel, { text })
  const answer = async (turn: HeadTurn, text: string) => {
    await admitTurn(database.db, turn)
    await settle(database.db, settlementOf(turn, { reply: replyTo(turn, text) }))
  }
  const recent = (given: { count?: number; type?: string; upTo?: number } = {}) => {
    const { roomId, agentId } = first(channel.rooms)
    const { count = 10, type = 'messages', upTo = Date.now() + 1_000 } = given
    return recentMemories(database.db, { roomId, agentId, type, count, upTo })
  }
  const texts = (memories: Awaited<ReturnType<typeof recent>>) =>
    memories.map(({ content }) => content.text)

  it('are the newest, the oldest of them first', async () => {
    channel = await createChannel(database.db)
    await answer(await hear('One.'), 'Answer one.')
    await answer(await hear('Two.'), 'Answer two.')
    expect(texts(await recent())).toEqual(['One.', 'Answer one.', 'Two.', 'Answer two.'])
    expect(texts(await recent({ count: 3 }))).toEqual(['Answer one.', 'Two.', 'Answer two.'])
  })

  it('say who said what, where and when', async () => {
    channel = await createChannel(database.db)
    const before = Date.now()
    await answer(await hear('One.'), 'Answer one.')
    const { agentId, roomId, worldId, entityId } = first(channel.rooms)
    const [heard, said] = await recent()
    expect(heard).toMatchObject({ agentId, roomId, worldId, entityId, content: { text: 'One.' } })
    expect(said).toMatchObject({ entityId: agentId, content: { thought: 'Polite.' } })
    expect(heard?.createdAt).toBeGreaterThanOrEqual(before - 1)
    expect(said?.createdAt).toBeLessThanOrEqual(Date.now() + 1)
  })

  it('leave out what others said after the message that is answered', async () => {
    channel = await createChannel(database.db)
    const turn = await hear('One.')
    const answered = first(await recent())
    const later = await hear('Two.')
    await sql`
      update memories set created_at = created_at + interval '1 s'
      where turn_id = ${later.turnId}`.execute(database.db)
    await answer(turn, 'Answer one.')
    expect(texts(await recent({ upTo: answered.createdAt }))).toEqual(['One.', 'Answer one.'])
  })

  it('are those of the room and of the kind that was asked for', async () => {
    const other = await createChannel(database.db)
    await queueTurn(database.db, other, { text: 'Elsewhere.' })
    channel = await createChannel(database.db)
    await hear('Here.')
    expect(texts(await recent())).toEqual(['Here.'])
    expect(await recent({ type: 'facts' })).toEqual([])
  })
})
