import { beforeAll, beforeEach, expect, it } from '@jest/globals'
import type { NewMessage } from '../../../api/deps.ts'
import { createMessagesPort } from '../../../bin/api/messages.ts'
import type { ApiParts } from '../../../bin/api/parts.ts'
import type { OpenDatabase } from '../../../database/open.ts'
import type { HeadTurn } from '../../../schema/turn.ts'
import { approvalTurns, recordedAction } from '../../support/approval-turns.ts'
import { describeDatabases } from '../../support/databases.ts'
import { createStepBench } from '../../support/step-bench.ts'
import { contents, createChannel, type TestChannel, turnRow } from '../../support/turn-fixtures.ts'

describeDatabases('the press of a button', (open) => {
  let database: OpenDatabase
  let turns: ReturnType<typeof approvalTurns>
  let kicked: HeadTurn[]
  let channel: TestChannel
  beforeAll(async () => {
    database = await open()
  })
  beforeEach(async () => {
    kicked = []
    channel = await createChannel(database.db)
  })
  const parked = (approvableBy: 'anyone' | 'admin' = 'anyone') => {
    const { plugin } = recordedAction('ORDER', { requiresApproval: true, approvableBy })
    turns = approvalTurns(database, createStepBench({ database, plugins: [plugin] }))
    return turns.parked('ORDER', {}, channel)
  }
  const door = () =>
    createMessagesPort({
      ...({ db: database.db, turnDeadlineMs: 60_000, log: { error: () => undefined } } as const),
      kick: (head: HeadTurn) => void kicked.push(head),
      kickLater: () => undefined,
      announce: () => undefined,
      cancelTurn: async () => undefined,
    } satisfies ApiParts)
  const press = (approval: object, given: Partial<NewMessage> = {}): NewMessage => ({
    ...{ channelId: channel.channelId, authorId: channel.authorId, content: 'Approve' },
    ...{ sourceType: 'client_chat', rawMessage: {}, isDirect: true },
    metadata: { approval: { ...approval } },
    ...given,
  })

  it('answers in its author’s name, is remembered, and begins no turn of its own', async () => {
    const turn = await parked()
    const { id } = await turns.approvalOf(turn)
    const accepted = await door().accept(press({ id, decision: 'approve' }))
    expect(accepted).toMatchObject({
      turns: [{ turnId: turn.turnId, state: 'queued' }],
      message: { content: 'Approve', authorId: channel.authorId },
    })
    expect(kicked).toMatchObject([{ turnId: turn.turnId, gen: 2 }])
    expect(await turns.approvalOf(turn)).toMatchObject({
      ...{ state: 'approved', answered_via: 'message', answered_by: channel.rooms[0]?.entityId },
    })
    const { turns: all, memories } = await contents(database.db)
    expect(all?.filter((row) => row.includes(turn.roomId))).toHaveLength(1)
    expect(memories?.filter((row) => row.includes('Approve'))).not.toHaveLength(0)
  })

  it('counts once when it is repeated under its key', async () => {
    const turn = await parked()
    const { id } = await turns.approvalOf(turn)
    const pressed = press({ id, decision: 'approve' }, { externalId: 'press-1' })
    const one = await door().accept(pressed)
    const two = await door().accept(pressed)
    expect(two).toMatchObject({ isRepeat: true, message: { id: one.message.id } })
    expect(await turnRow(database.db, turn.turnId)).toMatchObject({ gen: 2 })
  })

  it('is refused to whoever may not answer, and when another answer stands', async () => {
    const guarded = await approvalIdOf(parked('admin'))
    const before = await contents(database.db)
    await expect(door().accept(press({ id: guarded, decision: 'approve' }))).rejects.toThrow(
      'owner or admin',
    )
    expect(await contents(database.db)).toEqual(before)
    const open = await approvalIdOf(parked())
    await door().accept(press({ id: open, decision: 'deny' }))
    await expect(door().accept(press({ id: open, decision: 'approve' }))).rejects.toThrow(
      'The first answer stands.',
    )
  })

  it('is unknown in another channel', async () => {
    const id = await approvalIdOf(parked())
    const elsewhere = await createChannel(database.db)
    const { channelId, authorId } = elsewhere
    const pressed = press({ id, decision: 'approve' }, { channelId, authorId })
    await expect(door().accept(pressed)).rejects.toMatchObject({ code: 'not_found' })
  })

  const SOME_ID = '3c6a3e9e-4a4c-4b57-9d3c-4d3f3a8e0a11'
  it.each([
    [{ id: 'x', decision: 'approve' }, 'UUID'],
    [{ decision: 'approve' }, 'UUID'],
    [{ id: SOME_ID, decision: 'aprove' }, 'approve or deny'],
    [{ id: SOME_ID }, 'approve or deny'],
    [['approve'], 'must be an object'],
    ['approve', 'must be an object'],
  ])(
    'is refused, and begins no turn, when it cannot be understood: %j',
    async (approval, words) => {
      const before = await contents(database.db)
      const pressed = press({}, { metadata: { approval } })
      await expect(door().accept(pressed)).rejects.toMatchObject({
        ...{ code: 'invalid_request', path: 'metadata.approval' },
        message: expect.stringMatching(new RegExp(`^Invalid metadata.approval: .*${words}`)),
      })
      expect(await contents(database.db)).toEqual(before)
    },
  )

  it('is an ordinary message when it names none', async () => {
    const { turns: begun } = await door().accept(press({}, { metadata: { approval: null } }))
    expect(begun).toMatchObject([{ state: 'queued' }])
    expect(kicked).toHaveLength(1)
  })

  const approvalIdOf = async (turn: ReturnType<typeof parked>) =>
    (await turns.approvalOf(await turn)).id
})
