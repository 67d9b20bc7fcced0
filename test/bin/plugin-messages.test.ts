import { randomUUID } from 'node:crypto'
import { beforeAll, expect, it } from '@jest/globals'
import { createAgentRelay } from '../../bin/agent-relay.ts'
import { createMessagesPort } from '../../bin/api/messages.ts'
import { createPluginMessages, type PluginMessageParts } from '../../bin/plugin-messages.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { setAgentStatus, updateAgent } from '../../memory/agents.ts'
import { ensureChannel, updateChannel } from '../../memory/channels.ts'
import { putRoom } from '../../memory/records/room-writes.ts'
import { sendMessage } from '../../memory/records/send-message.ts'
import { createRecords } from '../../memory/records.ts'
import type { Runtime } from '../../plugins/runtime.ts'
import { inScope, type MemberScope, type TurnScope } from '../../plugins/scope.ts'
import { DEFAULT_MESSAGE_SERVER_ID } from '../../schema/ids.ts'
import type { JsonObject } from '../../schema/json.ts'
import { settle } from '../../turns/settle.ts'
import { describeDatabases } from '../support/databases.ts'
import { eventually } from '../support/eventually.ts'
import { admitTurn, createAgent, first, settlementOf, turnRow } from '../support/turn-fixtures.ts'

const WIRE = { source: 'wire', type: 'GROUP' }

describeDatabases('a room that a plugin made', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  const db = () => database.db

  async function house() {
    const agentId = await createAgent(db())
    const heads: { readonly turnId: string }[] = []
    const parts = {
      ...{ db: db(), turnDeadlineMs: 60_000, cancelTurn: async () => undefined },
      kick: (head: { readonly turnId: string }) => void heads.push(head),
      ...{ kickLater: () => undefined, announce: () => undefined },
      log: { error: (fields: object) => expect(fields).toBeUndefined() },
    }
    // As ElizaOS's ensureRoomExists does: the room is its own channel, and the world the plugin's.
    const roomId = randomUUID()
    const worldId = randomUUID()
    const room = { id: roomId, worldId, channelId: roomId, ...WIRE }
    await putRoom(db(), agentId, room)
    return { agentId, parts, heads, roomId, worldId }
  }
  type House = Awaited<ReturnType<typeof house>>

  const post = ({ parts }: Pick<House, 'parts'>, channelId: string, agentId: string) =>
    createMessagesPort(parts).accept({
      ...{ channelId, authorId: randomUUID(), content: 'Hello', sourceType: 'test' },
      ...{ rawMessage: {}, metadata: { targetAgentId: agentId }, isDirect: false },
    })
  const roomOf = async (turnId: string | undefined) => (await turnRow(db(), turnId ?? '')).room_id

  it('hears what is posted to its channel, the first message and the next', async () => {
    const made = await house()
    for (let n = 0; n < 2; n += 1) {
      const { turns } = await post(made, made.roomId, made.agentId)
      expect(await roomOf(turns[0]?.turnId)).toBe(made.roomId)
    }
    const settled = await settle(db(), settlementOf(await admitted(made)))
    expect(settled).toMatchObject({ state: 'replied', head: { roomId: made.roomId } })
  })

  it('hears the other agents of its channel', async () => {
    const made = await house()
    const other = await createAgent(db())
    await ensureChannel(db(), {
      ...{ id: made.roomId, name: 'Wire', type: 'GROUP', metadata: {} },
      ...{ messageServerId: DEFAULT_MESSAGE_SERVER_ID, participants: [other, made.agentId] },
    })
    await updateChannel(db(), made.roomId, { metadata: { answerAgents: true } })
    const place = { id: randomUUID(), worldId: made.worldId, channelId: made.roomId }
    await putRoom(db(), other, { ...place, worldId: randomUUID(), ...WIRE })
    const by = { turnId: randomUUID(), step: 'runAction:1' }
    const said = { id: randomUUID(), memoryId: randomUUID(), content: { text: 'Anybody there?' } }
    const send = { ...said, roomId: place.id, outboxSource: null }
    await sendMessage(db(), { agentId: other, by }, { kind: 'message.send', ...send })
    await createAgentRelay(made.parts).relay()
    expect(await roomOf(made.heads[0]?.turnId)).toBe(made.roomId)
  })

  const setRoom = ({ agentId, roomId: id, worldId }: House, metadata?: JsonObject) =>
    metadata && putRoom(db(), agentId, { id, worldId, channelId: id, metadata, ...WIRE })

  async function messagesOf(made: House, stateNow: () => Promise<string>, metadata?: JsonObject) {
    const ended = { agentId: made.agentId, code: null, replyId: '', reply: null, answeredBy: null }
    const parts = {
      ...made.parts,
      turns: {
        result: async (turnId: string) => ({ ...ended, turnId, state: await stateNow() }),
      },
      stream: { subscribe: async function* () {} },
      records: createRecords(db()),
      connectors: { for: () => undefined },
      startDelivery: async () => undefined,
    } as unknown as PluginMessageParts // no more of them is asked
    const runtime = () => ({ character: { name: 'Ada' } }) as unknown as Runtime
    const messages = createPluginMessages(parts, { agentId: made.agentId, runtime })
    await setRoom(made, metadata)
    return { messages }
  }

  /** What `handleMessage` stores, without a wait for its end. */
  async function handled(made: House, scope?: MemberScope, metadata?: JsonObject) {
    const { messages } = await messagesOf(made, async () => 'ignored', metadata)
    const message = { entityId: randomUUID(), roomId: made.roomId, content: { text: 'Hello' } }
    const handle = () => messages.handle(message, undefined)
    if (!scope) return turnRow(db(), (await handle()).turnId)
    let late: Promise<{ readonly turnId: string }> | undefined
    await inScope(scope, () => {
      late = new Promise((resolve) => setImmediate(resolve)).then(handle)
    })
    expect(scope.state).toBe('ended')
    return turnRow(db(), (await late)?.turnId ?? '')
  }

  it('counts how many agents in a row have spoken, also for what a member says late', async () => {
    const made = await house()
    const context = { message: { content: { text: 'Hello', agentHops: 3 } } }
    const turn = { context } as unknown as TurnScope // the rest is not looked at
    const scope: MemberScope = {
      ...{ agentId: made.agentId, plugin: 'wire', member: 'action CALL', turn },
      state: 'open',
    }
    const row = await handled(made, scope)
    const { message } = await admitTurn(db(), { turnId: row.id, gen: 1 })
    expect(message.content.agentHops).toBe(4)
  })

  it('is also meant by a plugin that names the channel for the room', async () => {
    const made = await house()
    const channelId = randomUUID()
    const { turns } = await post(made, channelId, made.agentId)
    const row = await handled({ ...made, roomId: channelId }, undefined, undefined)
    expect(row.room_id).toBe(await roomOf(turns[0]?.turnId))
  })

  it('takes messages as the channel is set, else the room, else the agent', async () => {
    const made = await house()
    const policy = async (metadata = {}) => (await handled(made, undefined, metadata)).policy
    expect(await policy()).toBe('enqueue')
    const character = { name: 'Ada', bio: 'A companion.', settings: { overlap: 'interrupt' } }
    const agent = { id: made.agentId, name: 'Ada', secrets: null, sourceHash: null }
    await updateAgent(db(), { ...agent, character })
    expect(await policy()).toBe('interrupt')
    expect(await policy({ overlap: 'rollback' })).toBe('rollback')
    await updateChannel(db(), made.roomId, { metadata: { overlap: 'latest' } })
    expect(await policy()).toBe('latest')
  })

  it('gives the question of a turn that is parked to the callback, and later what it says when it is answered', async () => {
    const made = await house()
    let state = 'waiting_approval'
    let isAsked = false
    const heard: unknown[] = []
    const sayNow = async (text: string) => {
      const by = { turnId: first(made.heads).turnId, step: 'runAction:1' }
      const ids = { id: randomUUID(), memoryId: randomUUID(), roomId: made.roomId }
      const send = { ...ids, content: { text }, outboxSource: null }
      await sendMessage(db(), { agentId: made.agentId, by }, { kind: 'message.send', ...send })
    }
    const asked = async () => {
      if (!isAsked) await sayNow('Shall I?')
      isAsked = true
      return state
    }
    const { messages } = await messagesOf(made, asked)
    const message = { entityId: randomUUID(), roomId: made.roomId, content: { text: 'Do it' } }
    await messages.handle(message, async ({ text }) => void heard.push(text))
    expect(heard).toEqual(['Shall I?'])
    await sayNow('Done.')
    state = 'replied'
    await eventually(() => heard.length > 1)
    expect(heard).toEqual(['Shall I?', 'Done.'])
  })

  it('takes nothing for an agent that is stopped, as over the API, except what it took before', async () => {
    const made = await house()
    const { messages } = await messagesOf(made, async () => 'ignored')
    const say = (id: string) =>
      messages.handle(
        { id, entityId: made.worldId, roomId: made.roomId, content: { text: 'Hello' } },
        undefined,
      )
    const [taken, late] = [randomUUID(), randomUUID()]
    const { turnId } = await say(taken)
    await setAgentStatus(db(), made.agentId, 'inactive')
    await expect(say(late)).rejects.toMatchObject({ code: 'agent_stopped' })
    expect((await say(taken)).turnId).toBe(turnId)
    await setAgentStatus(db(), made.agentId, 'active')
    expect((await say(late)).turnId).not.toBe(turnId)
  })

  const admitted = async ({ heads, agentId, roomId }: House) => {
    const { turnId } = first(heads)
    await admitTurn(db(), { turnId, gen: 1 })
    return { turnId, gen: 1, agentId, roomId, deadlineAt: Date.now() }
  }
})
