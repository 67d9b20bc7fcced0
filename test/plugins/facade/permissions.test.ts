import { describe, expect, it } from '@jest/globals'
import { createRuntime } from '../../../plugins/facade/create-runtime.ts'
import {
  createPermissionBook,
  createPermissionGuard,
} from '../../../plugins/permissions/permission-book.ts'
import { PluginError } from '../../../plugins/plugin-error.ts'
import {
  AGENT_ID,
  fakeRuntimeHost,
  fakeTurn,
  PERSON_ID,
  ROOM_ID,
} from '../../support/fake-runtime-host.ts'

const ELSEWHERE = '00000000-0000-0000-0000-0000000000b1'
const none = { hosts: [], paths: [], process: 'shared' } as const

/** A plugin that may use facts, in the room of its turn, and one setting. */
function house() {
  const settings = { KNOWN: 'yes', HIDDEN: 'no' }
  const host = fakeRuntimeHost({ settings })
  const book = createPermissionBook()
  const permissions = { ...none, tables: ['facts'], rooms: 'turn', secrets: ['KNOWN'] } as const
  book.set(AGENT_ID, 'greeter', { permissions, folder: null })
  const runtime = createRuntime(host, createPermissionGuard(book))
  return { host, runtime, turn: fakeTurn(host) }
}

const fact = (roomId = ROOM_ID) => ({ entityId: PERSON_ID, roomId, content: { text: 'Tea.' } })

describe('a plugin that was granted one table and the room of its turn', () => {
  it('uses these', async () => {
    const { runtime, turn } = house()
    const found = await turn.run(async () => {
      const id = await runtime.createMemory(fact(), 'facts')
      await runtime.updateMemory({ id, metadata: { sure: true } })
      return runtime.getMemories({ tableName: 'facts', roomId: ROOM_ID })
    })
    expect(found).toMatchObject([{ metadata: { sure: true } }])
  })

  it.each([
    ["table 'messages'", { tableName: 'messages', roomId: ROOM_ID }],
    ["table '*'", { roomId: ROOM_ID }],
    [`room '${ELSEWHERE}'`, { tableName: 'facts', roomId: ELSEWHERE }],
    ["room '*'", { tableName: 'facts' }],
  ])('reads no other: %s', async (named, asked) => {
    const { host, runtime, turn } = house()
    const reading = turn.run(() => runtime.getMemories(asked))
    await expect(reading).rejects.toThrow(named)
    await expect(reading).rejects.toBeInstanceOf(PluginError)
    await expect(turn.run(() => runtime.countMemories(asked))).rejects.toThrow(named)
    const search = { ...asked, embedding: [1] }
    await expect(turn.run(() => runtime.searchMemories(search))).rejects.toThrow(named)
    expect(host.reads).toEqual([])
  })

  it('changes and removes no other, nor sees one by its id', async () => {
    const { runtime, turn } = house()
    const id = await runtime.createMemory(fact(), 'messages')
    await expect(turn.run(() => runtime.getMemoryById(id))).rejects.toThrow("table 'messages'")
    await expect(turn.run(() => runtime.deleteMemory(id))).rejects.toThrow("table 'messages'")
    await expect(turn.run(() => runtime.updateMemory({ id }))).rejects.toThrow("table 'messages'")
    await expect(turn.run(() => runtime.createMemory(fact(), 'messages'))).rejects.toThrow(
      'messages',
    )
    await expect(turn.run(() => runtime.deleteAllMemories(ROOM_ID, ''))).rejects.toThrow(
      "table '*'",
    )
    expect(turn.written).toEqual([])
  })

  it('reaches no other room by people, messages or states', async () => {
    const { host, runtime, turn } = house()
    const message = { ...fact(ELSEWHERE), id: PERSON_ID }
    const attempts = [
      () => runtime.getParticipantsForRoom(ELSEWHERE),
      () => runtime.getEntitiesForRoom(ELSEWHERE),
      () => runtime.setParticipantUserState(ELSEWHERE, AGENT_ID, 'MUTED'),
      () => runtime.addParticipant(PERSON_ID, ELSEWHERE),
      () => runtime.deleteRoom(ELSEWHERE),
      () => runtime.composeState(message),
      () => runtime.sendMessageToTarget({ source: 'chat', roomId: ELSEWHERE }, { text: 'Hi' }),
      () => runtime.messageService?.handleMessage(runtime, message),
    ]
    for (const attempt of attempts) {
      await expect(turn.run(async () => attempt())).rejects.toThrow(`room '${ELSEWHERE}'`)
    }
    expect([host.sent, host.handled, turn.written]).toEqual([[], [], []])
  })

  it('sees no other setting', async () => {
    const { runtime, turn } = house()
    const seen = await turn.run(() => ['KNOWN', 'HIDDEN'].map((name) => runtime.getSetting(name)))
    expect(seen).toEqual(['yes', null])
    expect(runtime.getSetting('HIDDEN')).toBe('no')
  })
})
