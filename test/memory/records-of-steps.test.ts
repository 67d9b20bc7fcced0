import { randomUUID } from 'node:crypto'
import { beforeAll, beforeEach, expect, it } from '@jest/globals'
import type { LoadedTurn, Ports } from '../../agent/ports.ts'
import type { RecordWrite } from '../../agent/records.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { journaled } from '../../turns/journal.ts'
import { settle } from '../../turns/settle.ts'
import * as write from '../contract/record-writes.ts'
import { describeDatabases } from '../support/databases.ts'
import { createStepBench } from '../support/step-bench.ts'
import {
  attemptOf,
  contents,
  createChannel,
  headOf,
  runTurn,
  settlementOf,
} from '../support/turn-fixtures.ts'

const STEP = 'runAction:0'
const CLAIM = { step: STEP, beforeSettle: true }

describeDatabases('what a step writes', (open) => {
  let database: OpenDatabase
  let ports: Ports
  let turn: LoadedTurn
  beforeAll(async () => {
    database = await open()
    ports = createStepBench({ database }).worker()
  })
  beforeEach(async () => {
    turn = await runTurn(database.db, await createChannel(database.db))
  })
  const reads = () => ports.records.of(turn.agentId)
  const finish = (records: readonly RecordWrite[], given: Partial<LoadedTurn> = {}, attempt = 1) =>
    ports.journal.finish(
      attemptOf(turn, attempt),
      STEP,
      { done: true },
      {
        ...{ messages: [], memories: [], relationships: [], outboxSource: null },
        ...{ records, turn: { ...turn, ...given } },
      },
    )
  const some = () => [
    write.memory({ roomId: turn.room.id, content: { text: 'Noted.' } }),
    write.entity(),
    { kind: 'cache.put', key: 'key', value: 1 } as const,
  ]

  it('stands together with its result, and tells which step it was', async () => {
    await ports.journal.claim(attemptOf(turn), CLAIM)
    const writes = some()
    await finish(writes)
    expect(await journaled(database.db, turn.turnId, turn.gen, STEP)).toEqual({ done: true })
    expect(await reads().cached('key')).toBe(1)
    const row = await database.db
      .selectFrom('memories')
      .select(['turn_id', 'step', 'world_id'])
      .where('type', '=', 'facts')
      .where('room_id', '=', turn.room.id)
      .executeTakeFirst()
    expect(row).toEqual({ turn_id: turn.turnId, step: STEP, world_id: turn.room.worldId })
  })

  it('is found by its turn, with the reply, and without what others wrote', async () => {
    await ports.journal.claim(attemptOf(turn), CLAIM)
    await finish([write.memory({ roomId: turn.room.id })])
    await settle(database.db, settlementOf(headOf(turn)))
    const roomIds = [turn.room.id]
    const texts = async (turnId: string) => {
      const found = await reads().memories({ roomIds, turnId, oldestFirst: true })
      return found.map(({ content }) => content.text)
    }
    expect(await texts(turn.turnId)).toEqual(['Hello', 'A fact.', 'Good morning.'])
    expect(await texts(randomUUID())).toEqual([])
  })

  it('is not there at all when a later attempt holds the step, or the turn has ended', async () => {
    await ports.journal.claim(attemptOf(turn), CLAIM)
    await ports.journal.claim(attemptOf(turn, 2), CLAIM)
    const before = await contents(database.db)
    await expect(finish(some())).rejects.toMatchObject({ code: 'fenced' })
    expect(await contents(database.db)).toEqual(before)
    await settle(database.db, settlementOf(headOf(turn)))
    await expect(finish(some(), {}, 2)).rejects.toMatchObject({ code: 'fenced' })
    expect(await reads().cached('key')).toBeUndefined()
  })

  it('is not there at all, nor its result, when one write is refused', async () => {
    await ports.journal.claim(attemptOf(turn), CLAIM)
    const before = await contents(database.db)
    const refused = write.memory({ roomId: 'lobby' })
    await expect(finish([...some(), refused])).rejects.toMatchObject({ name: 'RecordError' })
    expect(await contents(database.db)).toEqual(before)
    expect(await journaled(database.db, turn.turnId, turn.gen, STEP)).toBeUndefined()
  })

  it('is, in a fork, only what belongs to its room', async () => {
    await ports.journal.claim(attemptOf(turn), CLAIM)
    const [here, ...others] = some()
    const elsewhere = write.memory({ roomId: turn.agentId })
    const update: RecordWrite = { kind: 'memory.delete', ids: [turn.message.id] }
    await finish(
      [here, elsewhere, update, ...others].flatMap((one) => one ?? []),
      {
        forkOf: randomUUID(),
      },
    )
    expect(await reads().memories({ type: 'facts' })).toHaveLength(1)
    expect(await reads().memories({ type: 'messages' })).toHaveLength(1)
    expect(await reads().cached('key')).toBeUndefined()
  })
})
