import { randomUUID } from 'node:crypto'
import { beforeAll, expect, it } from '@jest/globals'
import type { OpenDatabase } from '../../database/open.ts'
import { openChannel } from '../../memory/channels.ts'
import { clearMemories, deleteMemories } from '../../memory/records/memory-writes.ts'
import { sendMessage } from '../../memory/records/send-message.ts'
import { accept } from '../../turns/accept.ts'
import { loadTurn } from '../../turns/admit.ts'
import { settle } from '../../turns/settle.ts'
import { messagesOfTurn } from '../../turns/trace.ts'
import { describeDatabases } from '../support/databases.ts'
import {
  admitTurn,
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

describeDatabases('a room that a plugin clears while turns wait', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  const db = () => database.db
  const placeOf = (channel: TestChannel) => first(channel.rooms)
  const clear = (channel: TestChannel) => {
    const { agentId, roomId } = placeOf(channel)
    return clearMemories(db(), agentId, { kind: 'memory.clear', roomId, type: 'messages' })
  }

  it('goes on: the next turn is admitted with its message, as it was posted', async () => {
    const channel = await createChannel(db())
    const running = await runTurn(db(), channel)
    const input = messageTo(channel, { text: 'And now?' })
    await accept(db(), { ...input, memory: { ...input.memory, channelType: 'DM' } })
    const before = await loadTurn(db(), { turnId: first(input.hearers).turnId, gen: 1 })
    await clear(channel)
    const settled = await settle(db(), settlementOf(headOf(running)))
    const head = settled?.head
    if (!head) throw new Error('Nobody waits.')
    const { message } = await admitTurn(db(), head)
    expect(message).toEqual(before?.message)
    expect(await loadTurn(db(), head)).toMatchObject({ message: before?.message })
    expect(await settle(db(), settlementOf(head))).toMatchObject({ state: 'replied' })
  })

  it('keeps what came with a message: attachments, and how many agents in a row had spoken', async () => {
    const channel = await createChannel(db())
    const attachments = [{ id: 'a', url: 'https://example.org/a.png' }]
    const input = messageTo(channel, { metadata: { attachments, agentHops: 2 } })
    const { agentId, memoryId, turnId } = first(input.hearers)
    const inReplyTo = randomUUID()
    await accept(db(), { ...input, message: { ...input.message, inReplyTo } })
    await deleteMemories(db(), agentId, [memoryId])
    const { message } = await admitTurn(db(), { turnId, gen: 1 })
    expect(message.content).toEqual({
      ...{ text: 'Hello', source: 'client_chat', channelType: 'DM' },
      ...{ inReplyTo, attachments, agentHops: 2 },
    })
  })

  it('still knows how many agents in a row have spoken there', async () => {
    const channel = await createChannel(db())
    const turn = await runTurn(db(), channel, { metadata: { agentHops: 2 } })
    await settle(db(), settlementOf(headOf(turn)))
    await clear(channel)
    const another = await createAgent(db())
    expect(await openChannel(db(), channel.channelId, another)).toMatchObject({ agentHops: 4 })
  })

  it('still answers every message of a burst', async () => {
    const channel = await createChannel(db())
    const overlap = { policy: 'merge', burstMs: 0 } as const
    const turn = await queueTurn(db(), channel, { text: 'One.', overlap })
    await queueTurn(db(), channel, { text: 'Two.', overlap })
    await clear(channel)
    const { message } = await admitTurn(db(), turn)
    expect(message.content.text).toBe('One.\nTwo.')
  })
})

describeDatabases('what a turn said', (open) => {
  it('is what it said in its own room, and not what it sent to others', async () => {
    const { db, close } = await open()
    const agentId = await createAgent(db)
    const [here, there] = [
      await createChannel(db, { agentIds: [agentId] }),
      await createChannel(db, { agentIds: [agentId] }),
    ]
    const turn = await runTurn(db, here)
    const by = { turnId: turn.turnId, step: 'runAction:1' }
    for (const [channel, text] of [[there, 'A secret.'] as const, [here, 'Done.'] as const]) {
      const { roomId } = first(channel.rooms)
      const ids = { id: randomUUID(), memoryId: randomUUID() }
      const message = { ...ids, roomId, content: { text }, outboxSource: null }
      await sendMessage(db, { agentId, by }, { kind: 'message.send', ...message })
    }
    const said = await messagesOfTurn(db, turn.turnId)
    expect(said.map(({ content }) => content)).toMatchObject([{ text: 'Done.' }])
    await close()
  })
})
