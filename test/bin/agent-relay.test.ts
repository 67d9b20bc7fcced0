import { randomUUID } from 'node:crypto'
import { beforeAll, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { createAgentRelay } from '../../bin/agent-relay.ts'
import { createMessagesPort } from '../../bin/api/messages.ts'
import type { ApiParts } from '../../bin/api/parts.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { setAgentStatus } from '../../memory/agents.ts'
import { updateChannel } from '../../memory/channels.ts'
import type { HeadTurn } from '../../schema/turn.ts'
import { settle } from '../../turns/settle.ts'
import { describeDatabases } from '../support/databases.ts'
import {
  admitTurn,
  createAgent,
  createChannel,
  settlementOf,
  type TestChannel,
} from '../support/turn-fixtures.ts'

describeDatabases('agents of one channel', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  const db = () => database.db

  /** Two agents in a channel; whatever is started is answered at once when the test says so. */
  async function talk(metadata = { answerAgents: true }) {
    const agentIds = [await createAgent(db()), await createAgent(db())] as const
    const channel = await createChannel(db(), { agentIds })
    await updateChannel(db(), channel.channelId, { metadata })
    const heads: HeadTurn[] = []
    const parts: ApiParts = {
      ...{ db: db(), turnDeadlineMs: 60_000, cancelTurn: async () => undefined },
      kick: (head) => void heads.push(head),
      kickLater: () => undefined,
      announce: () => undefined,
      log: { error: (fields) => expect(fields).toBeUndefined() },
    }
    /** Of what was passed on only the part that these two heard: other tests talk in the same database. */
    const relay = async () => {
      await createAgentRelay(parts).relay()
      const mine = heads.filter(({ agentId }) => agentIds.includes(agentId))
      heads.splice(0, heads.length, ...mine)
      return mine.length
    }
    return { agentIds, channel, heads, parts, relay }
  }
  type Talk = Awaited<ReturnType<typeof talk>>

  /** Each started turn replies. @returns how many agents in a row had spoken when it was asked */
  async function answerAll({ heads }: Talk): Promise<readonly unknown[]> {
    const hops: unknown[] = []
    for (const head of heads.splice(0)) {
      const { message } = await admitTurn(db(), head)
      hops.push(message.content.agentHops ?? 0)
      const settled = await settle(db(), settlementOf(head))
      if (settled?.head) heads.push(settled.head)
    }
    return hops
  }

  const say = ({ parts }: Talk, channel: TestChannel, authorId = channel.authorId) =>
    createMessagesPort(parts).accept({
      ...{ channelId: channel.channelId, authorId, content: 'Hello', sourceType: 'test' },
      ...{ rawMessage: {}, metadata: {}, isDirect: false },
    })

  it('hear each other’s replies, one step further each time, and each once', async () => {
    const house = await talk()
    await say(house, house.channel)
    expect(await answerAll(house)).toEqual([0, 0])
    expect(await house.relay()).toBe(2)
    expect(await house.relay()).toBe(2) // those two, and none twice
    expect(await answerAll(house)).toEqual([1, 1])
    await house.relay()
    expect(await answerAll(house)).toEqual([2, 2])
    const { rows } = await sql<{ hops: number | null }>`
      select (metadata ->> 'agentHops')::int as hops from messages
      where channel_id = ${house.channel.channelId} order by created_at`.execute(db())
    expect(rows.map(({ hops }) => hops)).toEqual([null, 1, 1, 2, 2, null, null])
  })

  it('hear nothing of each other unless the channel or the agent says so', async () => {
    const house = await talk({ answerAgents: false })
    await say(house, house.channel)
    await answerAll(house)
    expect(await house.relay()).toBe(0)
    const [listener] = house.agentIds
    await sql`update agents set character = character || '{"settings":{"answerAgents":true}}'::jsonb
      where id = ${listener}`.execute(db())
    expect(await house.relay()).toBe(1)
    expect(house.heads.map(({ agentId }) => agentId)).toEqual([listener])
  })

  it('are not asked while they are stopped, and not for what was said too long ago', async () => {
    const house = await talk()
    await say(house, house.channel)
    await answerAll(house)
    for (const id of house.agentIds) await setAgentStatus(db(), id, 'inactive')
    expect(await house.relay()).toBe(0)
    for (const id of house.agentIds) await setAgentStatus(db(), id, 'active')
    await sql`update messages set created_at = now() - interval '2 minutes'
      where channel_id = ${house.channel.channelId}`.execute(db())
    expect(await house.relay()).toBe(0)
  })

  it('count what is said in an agent’s name through the door as well', async () => {
    const house = await talk({ answerAgents: false })
    const [ada, bob] = house.agentIds
    await say(house, house.channel)
    await answerAll(house)
    await say(house, house.channel, ada) // answers what Bob said to a person
    expect(await answerAll(house)).toEqual([2])
    await say(house, house.channel, bob)
    expect(await answerAll(house)).toEqual([3])
  })

  it('hear what only agents say in a direct channel, without any setting', async () => {
    const house = await talk({ answerAgents: false })
    await say(house, house.channel, house.agentIds[0])
    expect(await answerAll(house)).toEqual([1])
    await house.relay()
    expect(await answerAll(house)).toEqual([2])
  })

  it('do not learn from a person how many agents have spoken', async () => {
    const house = await talk()
    const stored = await createMessagesPort(house.parts).accept({
      ...{ channelId: house.channel.channelId, authorId: randomUUID(), content: 'Hello' },
      ...{ sourceType: 'test', rawMessage: {}, metadata: { agentHops: 99 }, isDirect: false },
    })
    expect(stored.message.metadata).toEqual({})
    expect(await answerAll(house)).toEqual([0, 0])
  })
})
