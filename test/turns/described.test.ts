import { beforeAll, expect, it } from '@jest/globals'
import type { Kysely } from 'kysely'
import { type Described, mediaKey, needsAttention } from '../../agent/attachments.ts'
import { FencedError } from '../../agent/errors.ts'
import type { Ports } from '../../agent/ports.ts'
import { createMediaFetcher } from '../../bin/media-fetch.ts'
import { createPorts } from '../../bin/ports.ts'
import { recentMemories } from '../../memory/memories.ts'
import type { Database } from '../../schema/database.ts'
import type { JsonObject } from '../../schema/json.ts'
import type { HeadTurn } from '../../schema/turn.ts'
import { createInProcessStream } from '../../streams/in-process.ts'
import { accept } from '../../turns/accept.ts'
import { retryDeadLetter } from '../../turns/dead-letters.ts'
import { settle } from '../../turns/settle.ts'
import { describeDatabases } from '../support/databases.ts'
import { openLimits } from '../support/open-limits.ts'
import { routerOf } from '../support/resolved-model.ts'
import { scriptedVendor } from '../support/scripted-vendor.ts'
import {
  attemptOf,
  createChannel,
  first,
  messageTo,
  replyTo,
  settlementOf,
  type TestChannel,
  turnRow,
} from '../support/turn-fixtures.ts'

const CAT = { id: '1', url: 'https://example.org/cat.png', title: 'Tom' }
const INLINE = { id: '2', url: `data:image/png;base64,${'A'.repeat(500_000)}` }
const NOW = { described: new Map<string, Described>([[mediaKey(CAT), { description: 'A cat.' }]]) }
const MERGE = { policy: 'merge' as const, burstMs: 60_000 }

describeDatabases('what attend found', (open) => {
  let db: Kysely<Database>
  let channel: TestChannel

  beforeAll(async () => {
    db = (await open()).db
    channel = await createChannel(db)
  })

  /** Another process: it remembers nothing of the turn. */
  const process = (): Ports =>
    createPorts({
      ...{ db, ...openLimits, budgets: [] },
      agents: { get: () => Promise.reject(new Error('No agent is needed.')) },
      models: routerOf(scriptedVendor()),
      stream: createInProcessStream(),
      connectors: { for: () => undefined },
      media: createMediaFetcher({ allowedHosts: [] }),
      log: { warn: () => undefined },
      startHead: async () => undefined,
    })

  async function say(place: TestChannel, content: JsonObject, overlap?: typeof MERGE) {
    const input = messageTo(place, overlap ? { overlap } : {})
    const accepted = await accept(db, { ...input, memory: { ...input.memory, ...content } })
    if (accepted.kind !== 'accepted') throw new Error('The message was not accepted.')
    const row = await turnRow(db, first(accepted.tickets).turnId)
    const { gen, agent_id: agentId, room_id: roomId, deadline_at: deadline } = row
    return { turnId: row.id, gen, agentId, roomId, deadlineAt: deadline.getTime() }
  }

  async function running(ports: Ports, turn: HeadTurn) {
    const admitted = await ports.turns.admit(attemptOf(turn))
    if (admitted.kind !== 'admitted') throw new Error(`The turn is ${admitted.kind}.`)
    return admitted.turn
  }

  async function found(ports: Ports, turn: HeadTurn, attempt = 1, round = 1) {
    const loaded = await ports.turns.load(turn, round)
    if (!loaded) throw new Error('There is no such turn.')
    const writes = { messages: [], memories: [], relationships: [], turn: loaded }
    const result = { attachments: [] }
    const commit = { ...writes, outboxSource: null, ...NOW }
    await ports.journal.finish(attemptOf(turn, attempt), 'attend', result, commit)
  }

  const claim = (ports: Ports, turn: HeadTurn, attempt = 1) =>
    ports.journal.claim(attemptOf(turn, attempt), { step: 'attend', beforeSettle: true })

  const contentOf = async (ports: Ports, turn: HeadTurn) =>
    (await ports.turns.load(turn))?.message.content

  it('is seen by the next steps, on the process that admitted the turn and on another', async () => {
    const [here, there] = [process(), process()]
    const turn = await say(channel, { attachments: [CAT, { url: 'x' }, 'y'] })
    await running(here, turn)
    expect(await contentOf(there, turn)).toMatchObject({ attachments: [CAT, { url: 'x' }, 'y'] })
    await claim(there, turn)
    await found(there, turn)
    const known = [{ ...CAT, description: 'A cat.' }, { url: 'x' }, 'y']
    for (const ports of [here, there]) {
      expect(await contentOf(ports, turn)).toEqual({
        text: 'Hello',
        source: 'client_chat',
        attachments: known,
      })
    }
    const options = { roomId: turn.roomId, agentId: turn.agentId, type: 'messages', count: 1 }
    const [latest] = await recentMemories(db, { ...options, upTo: Date.now() + 60_000 })
    expect(latest?.content.attachments).toEqual(known)
  })

  it('is not written by an attempt that lost the step', async () => {
    const place = await createChannel(db)
    const ports = process()
    const turn = await say(place, { attachments: [CAT] })
    await running(ports, turn)
    await claim(ports, turn, 1)
    await claim(ports, turn, 2)
    await expect(found(ports, turn, 1)).rejects.toThrow(FencedError)
    expect(await contentOf(ports, turn)).toMatchObject({ attachments: [CAT] })
  })

  it('belongs to the message that it came with when several are answered as one', async () => {
    const place = await createChannel(db)
    const ports = process()
    const turn = await say(place, { attachments: [CAT] }, MERGE)
    const other = { ...CAT, url: 'https://example.org/dog.png' }
    await accept(db, {
      ...messageTo(place, { overlap: MERGE }),
      memory: { text: 'and', attachments: [other] },
    })
    const loaded = await running(ports, turn)
    expect(loaded.message.content.attachments).toEqual([CAT, other])
    await claim(ports, turn)
    await found(ports, turn)
    expect(await contentOf(ports, turn)).toMatchObject({
      attachments: [{ ...CAT, description: 'A cat.' }, other],
    })
    const rows = await db
      .selectFrom('memories')
      .select('content')
      .where('id', 'in', loaded.mergedMemoryIds)
      .orderBy('created_at')
      .execute()
    expect(rows.map(({ content }) => content.attachments)).toEqual([
      [{ ...CAT, description: 'A cat.' }],
      [other],
    ])
  })

  it('is forgotten by the retry of an operator where the reason may have passed', async () => {
    const place = await createChannel(db)
    const ports = process()
    const unread = { description: '(image, not described)', unread: 'budget_exhausted' }
    const gone = { ...CAT, url: 'https://example.org/gone.png', description: '(a 404)' }
    const turn = await say(place, { attachments: [{ ...CAT, ...unread }, gone] }, MERGE)
    const other = { id: '3', url: 'https://example.org/dog.png' }
    await accept(db, {
      ...messageTo(place, { overlap: MERGE }),
      memory: { text: 'and', attachments: [{ ...other, ...unread }] },
    })
    const elsewhere = await createChannel(db)
    const stranger = await say(elsewhere, { attachments: [{ ...CAT, ...unread }] })
    await running(ports, turn)
    const reply = replyTo(turn, 'Sorry.')
    const end = {
      state: 'failed' as const,
      code: 'budget_exhausted' as const,
      error: 'Nothing left.',
    }
    await settle(db, settlementOf(turn, { ...end, reply }))
    const act = { turnId: turn.turnId, by: 'sam', comment: null }
    await retryDeadLetter(db, { ...act, text: null, deadlineMs: 60_000 })
    const next = await running(process(), { ...turn, gen: 2 })
    expect(next.message.content.attachments).toEqual([CAT, gone, other])
    expect(needsAttention(next.message.content)).toBe(true)
    const untouched = await running(ports, stranger)
    expect(untouched.message.content.attachments).toEqual([{ ...CAT, ...unread }])
  })

  it('is read without the pictures that stand inside a message', async () => {
    const place = await createChannel(db)
    const attachments = [INLINE, CAT, 7]
    const turn = await say(place, { attachments })
    await say(place, { attachments: 'none' })
    await say(place, { attachments: [] })
    const options = { roomId: turn.roomId, agentId: turn.agentId, type: 'messages', count: 9 }
    const read = await recentMemories(db, { ...options, upTo: Date.now() + 60_000 })
    expect(read.map(({ content }) => content.attachments)).toEqual([
      [{ id: '2', url: INLINE.url.slice(0, 64) }, CAT, 7],
      'none',
      [],
    ])
    const ports = process()
    const loaded = await running(ports, turn)
    expect(loaded.message.content.attachments).toEqual(attachments)
  })
})
