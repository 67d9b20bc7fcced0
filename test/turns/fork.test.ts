import { randomUUID } from 'node:crypto'
import { beforeAll, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { LoadedTurn } from '../../agent/ports.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { setAgentStatus } from '../../memory/agents.ts'
import { roomEntities } from '../../memory/entities.ts'
import { recentMemories } from '../../memory/memories.ts'
import { FIRST_FORK_STEP, type ForkStep } from '../../schema/fork.ts'
import type { JsonObject } from '../../schema/json.ts'
import type { TurnRef } from '../../schema/turn.ts'
import { accept } from '../../turns/accept.ts'
import { createFork, type ForkInput } from '../../turns/fork.ts'
import { MAX_ACTIVE_FORKS } from '../../turns/fork-source.ts'
import { deleteOldForks, findFork, listForks } from '../../turns/forks.ts'
import { claim, finish, journaled, journalOnce } from '../../turns/journal.ts'
import { readPrompt, writePrompt } from '../../turns/prompts.ts'
import { settle } from '../../turns/settle.ts'
import { steer } from '../../turns/steer.ts'
import { takeOver } from '../../turns/sweep.ts'
import { findTurn, listTurns, turnsOfMessage } from '../../turns/trace.ts'
import { describeDatabases } from '../support/databases.ts'
import {
  admitTurn,
  attemptOf,
  contents,
  createChannel,
  first,
  headOf,
  messageTo,
  queueTurn,
  replyTo,
  runTurn,
  settlementOf,
  type TestChannel,
} from '../support/turn-fixtures.ts'

const PROMPT = { prompt: 'Answer Sam.', state: {} }
const DECISION = { thought: '', reply: 'Hello.', actions: ['ORDER', 'PAY'], attempt: 1, chunks: 3 }

describeDatabases('a fork', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  const db = () => database.db

  /** Passes a turn through its steps, up to the last one that is named. */
  async function work(turn: LoadedTurn, results: Readonly<Record<string, JsonObject>>) {
    const attempt = attemptOf(turn)
    await journalOnce(db(), attempt, 'shouldRespond', { decision: 'respond' })
    await writePrompt(db(), attempt, 'decide', PROMPT)
    for (const [step, result] of Object.entries(results)) {
      await claim(db(), attempt, { step, beforeSettle: true })
      await finish(db(), attempt, step, result)
    }
  }
  /** A turn that chose two actions, ran the first, and then said its reply. */
  async function ended(channel: TestChannel, text = 'Hello'): Promise<LoadedTurn> {
    const turn = await runTurn(db(), channel, { text })
    await work(turn, { decide: DECISION, 'runAction:0': { action: 'ORDER', success: true } })
    await settle(db(), settlementOf(headOf(turn), { reply: replyTo(turn, `Re: ${text}`) }))
    return turn
  }
  const fork = (turnId: string, given: Partial<ForkInput> = {}) =>
    createFork(db(), {
      ...{ turnId, from: FIRST_FORK_STEP, model: null, character: null, deadlineMs: 300_000 },
      ...given,
    })
  const refusal = (turnId: string, given: Partial<ForkInput> = {}): Promise<string> =>
    fork(turnId, given).then(
      () => 'It was forked.',
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
  const conversation = async (roomId: string, turn: Pick<LoadedTurn, 'agentId' | 'message'>) => {
    const upTo = turn.message.createdAt
    const page = { roomId, agentId: turn.agentId, type: 'messages', count: 500, upTo }
    const found = await recentMemories(db(), page)
    return found.map(({ content, entityId, createdAt }) => [entityId, content.text, createdAt])
  }
  const end = async (turn: TurnRef) => {
    const loaded = await admitTurn(db(), turn)
    await settle(db(), settlementOf(headOf(loaded), { reply: replyTo(loaded, 'Again.') }))
    return loaded
  }

  it('finds in its room what the original found, and nothing that came later', async () => {
    const channel = await createChannel(db())
    await ended(channel, 'First')
    const turn = await runTurn(db(), channel, { text: 'Second' })
    const seen = await conversation(turn.room.id, turn)
    await work(turn, { decide: DECISION })
    await settle(db(), settlementOf(headOf(turn)))
    await ended(channel, 'Third')

    const { head } = await fork(turn.turnId)
    const again = await admitTurn(db(), head)
    expect(seen.map(([, text]) => text)).toEqual(['First', 'Re: First', 'Second'])
    expect(await conversation(again.room.id, again)).toEqual(seen)
    expect(again.message.content).toMatchObject({ text: 'Second' })
    expect(await roomEntities(db(), again.room.id)).toEqual(await roomEntities(db(), turn.room.id))
    expect(again).toMatchObject({
      ...{ forkOf: turn.turnId, agentId: turn.agentId, seq: 1 },
      room: { source: 'fork', type: 'DM', worldId: turn.room.worldId },
    })
  })

  it('knows all that came with the messages that steered the original', async () => {
    const channel = await createChannel(db())
    const turn = await runTurn(db(), channel, { text: 'Look' })
    const pictures = ['a', 'b', 'c'].map((id) => ({ id, url: `https://example.org/${id}.png` }))
    const [first, second, third] = pictures
    await sql`
      update memories set content = content || ${JSON.stringify({ attachments: [first] })}::jsonb
      where id = ${turn.message.id}`.execute(db())
    const rounds = [{ attachments: [second, third] }, {}]
    for (const [index, came] of rounds.entries()) {
      const input = messageTo(channel, { overlap: { policy: 'steer', burstMs: 0 } })
      const memory = { ...input.memory, text: `Say ${index + 1}`, ...came } as JsonObject
      await accept(db(), { ...input, memory })
      const said = { turn, messages: [{ text: 'I begin.' }], memories: [], relationships: [] }
      await steer(db(), attemptOf(turn), index + 1, { ...said, outboxSource: null })
    }
    await work(turn, { decide: DECISION })
    await settle(db(), settlementOf(headOf(turn)))
    const { head } = await fork(turn.turnId)
    const { content } = (await admitTurn(db(), head)).message
    expect(content).toMatchObject({ text: 'Look\nSay 1\nSay 2', attachments: pictures })
  })

  it('remembers at most 200 memories of each type', async () => {
    const channel = await createChannel(db())
    const { agentId, roomId, entityId } = first(channel.rooms)
    await sql`
      insert into memories (id, type, agent_id, room_id, entity_id, content, created_at)
      select gen_random_uuid(), type, ${agentId}, ${roomId}, ${entityId},
        jsonb_build_object('text', n::text), clock_timestamp() - interval '1 hour' + n * interval '1 second'
      from generate_series(1, 250) as n, (values ('messages'), ('facts')) as t(type)`.execute(db())
    const turn = await ended(channel)
    const { head } = await fork(turn.turnId)
    const { rows } = await sql<{ type: string; count: number; oldest: number }>`
      select type, count(*)::int as count, min((content ->> 'text')::int) as oldest from memories
      where room_id = ${head.roomId} and turn_id is null group by type order by type`.execute(db())
    expect(rows).toEqual([
      { type: 'facts', count: 200, oldest: 51 },
      { type: 'messages', count: 200, oldest: 51 },
    ])
  })

  it('leaves the real room as it is, and is in none of its lists', async () => {
    const channel = await createChannel(db())
    const turn = await ended(channel)
    const real = async () => {
      const tables = await contents(db())
      const ids = [turn.room.id, turn.channelId]
      return Object.values(tables)
        .flat()
        .filter((row) => ids.some((id) => row.includes(id)))
    }
    const before = await real()
    const { head } = await fork(turn.turnId)
    await end(head)
    expect(await real()).toEqual(before)
    expect((await turnsOfMessage(db(), turn.messageId)).map(({ id }) => id)).toEqual([turn.turnId])
    const list = async (withForks: boolean) =>
      (await listTurns(db(), turn.agentId, { limit: 9, withForks })).map(({ id }) => id)
    expect(await list(false)).toEqual([turn.turnId])
    expect(await list(true)).toEqual([head.turnId, turn.turnId])
    expect(await listForks(db(), turn.turnId)).toMatchObject([
      { id: head.turnId, state: 'replied', from_step: 'shouldRespond', character_name: null },
    ])
  })

  it('leaves no row behind when it is old enough to be deleted', async () => {
    const turn = await ended(await createChannel(db()))
    await deleteOldForks(db(), 0) // those of other tests
    const before = await contents(db())
    const character = { open: { name: 'Bob' }, secrets: 'sealed' }
    const [done, running] = [await fork(turn.turnId, { character }), await fork(turn.turnId)]
    await end(done.head)
    const runs = await admitTurn(db(), running.head)
    await deleteOldForks(db(), 60_000)
    expect(await findTurn(db(), done.head.turnId)).toBeDefined()
    await deleteOldForks(db(), 0)
    expect(await findTurn(db(), done.head.turnId)).toBeUndefined()
    expect(await findTurn(db(), running.head.turnId)).toBeDefined()

    await settle(db(), settlementOf(headOf(runs)))
    await deleteOldForks(db(), 0)
    const rows = (tables: typeof before) => new Set(Object.values(tables).flat())
    expect([...rows(before).symmetricDifference(rows(await contents(db())))]).toEqual([])
    expect(await findFork(db(), done.head.turnId)).toBeUndefined()
  })

  it('that begins with decide is asked with the very prompt of the original', async () => {
    const turn = await ended(await createChannel(db()))
    const { head } = await fork(turn.turnId, { from: 'decide', model: 'other' })
    expect(await readPrompt(db(), head, 'decide')).toEqual(PROMPT)
    const again = attemptOf(head)
    await admitTurn(db(), head)
    const composed = { prompt: 'Another one.', state: {} }
    expect(await writePrompt(db(), again, 'decide', composed)).toEqual(PROMPT)
    expect(await journalOnce(db(), again, 'shouldRespond', { decision: 'ask' })).toEqual({
      decision: 'respond',
    })
    expect(await claim(db(), again, { step: 'decide', beforeSettle: true })).toMatchObject({
      kind: 'claimed',
    })
    expect(await findFork(db(), head.turnId)).toMatchObject({ model: 'other', source_gen: 1 })
  })

  it('that begins with an action takes over the decision and the actions before it', async () => {
    const turn = await ended(await createChannel(db()))
    const { head } = await fork(turn.turnId, { from: 'runAction:1' })
    const { thought, reply, actions } = DECISION
    // Without its place in the stream: nobody may wait for pieces that were sent in another turn.
    expect(await journaled(db(), head.turnId, 1, 'decide')).toEqual({ thought, reply, actions })
    expect(await journaled(db(), head.turnId, 1, 'runAction:0')).toMatchObject({ success: true })
    expect(await journaled(db(), head.turnId, 1, 'runAction:1')).toBeUndefined()
  })

  it('keeps what it took over when Temporal lost it and it is started anew', async () => {
    const turn = await ended(await createChannel(db()))
    const { head } = await fork(turn.turnId, { from: 'decide' })
    await admitTurn(db(), head)
    const next = await takeOver(db(), head)
    expect(next?.gen).toBe(2)
    expect(await readPrompt(db(), { ...head, gen: 2 }, 'decide')).toEqual(PROMPT)
    expect(await journaled(db(), head.turnId, 2, 'shouldRespond')).toEqual({ decision: 'respond' })
  })

  it('answers in one go what was merged into the original', async () => {
    const channel = await createChannel(db())
    const turn = await runTurn(db(), channel, { text: 'One' })
    const later = await queueTurn(db(), channel, { text: 'Two' })
    await sql`update turns set state = 'merged', answered_by = ${turn.turnId} where id = ${later.turnId}`.execute(
      db(),
    )
    await sql`update turns set merged_count = 1 where id = ${turn.turnId}`.execute(db())
    await settle(db(), settlementOf(headOf(turn)))
    const { head } = await fork(turn.turnId)
    const again = await admitTurn(db(), head)
    expect(again.message.content.text).toBe('One\nTwo')
    expect((await conversation(head.roomId, again)).map(([, text]) => text)).toEqual(['One\nTwo'])
    expect(await refusal(later.turnId)).toContain(`was answered by the turn '${turn.turnId}'`)
  })

  it.each<[ForkStep, string]>([
    ['runAction:7', 'It chose runAction:0 (ORDER), runAction:1 (PAY)'],
    ['settle', "its step 'runAction:1' did not happen"],
  ])('cannot begin with %s where the original never was', async (from, words) => {
    const turn = await ended(await createChannel(db()))
    expect(await refusal(turn.turnId, { from })).toContain(words)
  })

  it('is refused while the original runs, of a fork, of nothing, and of a stopped agent', async () => {
    const channel = await createChannel(db())
    const running = await runTurn(db(), channel)
    expect(await refusal(running.turnId)).toContain("is still 'running'")
    await settle(db(), settlementOf(headOf(running)))
    const { head } = await fork(running.turnId)
    expect(await refusal(head.turnId)).toContain(`Fork '${running.turnId}' instead`)
    const nobody = randomUUID()
    expect(await refusal(nobody)).toBe(`No turn has the id '${nobody}'.`)
    await db().deleteFrom('memories').where('id', '=', running.message.id).execute()
    expect(await refusal(running.turnId)).toContain('was deleted')
    await setAgentStatus(db(), running.agentId, 'inactive')
    expect(await refusal(running.turnId)).toContain('is stopped')
  })

  it(`is refused while the agent runs ${MAX_ACTIVE_FORKS} others, also when all come at once`, async () => {
    const turn = await ended(await createChannel(db()))
    const many = Array.from({ length: MAX_ACTIVE_FORKS + 3 }, () => refusal(turn.turnId))
    const refused = (await Promise.all(many)).filter((words) => words !== 'It was forked.')
    expect(refused).toHaveLength(3)
    expect(refused[0]).toContain(`runs ${MAX_ACTIVE_FORKS} forks already`)
    const [{ id } = { id: '' }] = await listForks(db(), turn.turnId)
    await end({ turnId: id, gen: 1 })
    expect(await refusal(turn.turnId)).toBe('It was forked.')
  })
})
