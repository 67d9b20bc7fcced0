import { describe, expect, it } from '@jest/globals'
import { createRuntime } from '../../../plugins/facade/create-runtime.ts'
import {
  createPermissionBook,
  createPermissionGuard,
} from '../../../plugins/permissions/permission-book.ts'
import { PluginError } from '../../../plugins/plugin-error.ts'
import { currentScope } from '../../../plugins/scope.ts'
import { createUniqueUuid } from '../../../schema/ids.ts'
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
function house(members: Parameters<typeof fakeRuntimeHost>[0] = {}) {
  const settings = { KNOWN: 'yes', HIDDEN: 'no' }
  const host = fakeRuntimeHost({ settings, ...members })
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
      () => runtime.messageService?.clearChannel(runtime, ELSEWHERE, 'channel'),
      () => runtime.log({ type: 'x', entityId: PERSON_ID, roomId: ELSEWHERE, body: {} }),
      () => runtime.getLogs({ roomId: ELSEWHERE }),
    ]
    for (const attempt of attempts) {
      await expect(turn.run(async () => attempt())).rejects.toThrow(`room '${ELSEWHERE}'`)
    }
    expect([host.sent, host.handled, turn.written]).toEqual([[], [], []])
  })

  it('reaches no other room by the name of a channel, by a message, or by naming none', async () => {
    const { host, runtime, turn } = house()
    const send = (target: object) =>
      turn.run(() => runtime.sendMessageToTarget({ source: 'chat', ...target }, { text: 'Hi' }))
    await expect(send({ channelId: 'general' })).rejects.toThrow(
      `room '${createUniqueUuid(AGENT_ID, 'general')}'`,
    )
    await expect(send({})).rejects.toThrow("room '*'")
    const id = await runtime.createMemory(fact(ELSEWHERE), 'facts')
    const service = runtime.messageService
    await expect(
      turn.run(async () => service?.deleteMessage(runtime, { ...fact(), id })),
    ).rejects.toThrow(`room '${ELSEWHERE}'`)
    await expect(
      turn.run(async () => service?.clearChannel(runtime, ROOM_ID, 'channel')),
    ).rejects.toThrow("table 'messages'")
    await expect(turn.run(() => runtime.getLogs({}))).rejects.toThrow("room '*'")
    expect(host.sent).toEqual([])
  })

  it('does not see what a person has of other rooms', async () => {
    const { runtime, turn } = house()
    for (const roomId of [ELSEWHERE, ROOM_ID]) {
      const component = { entityId: PERSON_ID, type: `of ${roomId}`, roomId, data: {} }
      await runtime.createComponent(component as never) // what plugins give, without a few ids
    }
    const seen = await turn.run(() => runtime.getComponents(PERSON_ID))
    expect(seen.map(({ type }) => type)).toEqual([`of ${ROOM_ID}`])
  })

  it('sees no other setting', async () => {
    const { runtime, turn } = house()
    const seen = await turn.run(() => ['KNOWN', 'HIDDEN'].map((name) => runtime.getSetting(name)))
    expect(seen).toEqual(['yes', null])
    expect(runtime.getSetting('HIDDEN')).toBe('no')
  })
})

describe('members of ours that such a plugin asks', () => {
  it('do not run under what it may do, and foreign ones do not get out of it', async () => {
    const scopes: unknown[] = []
    const note = (name: string) => scopes.push([name, currentScope()?.plugin])
    const evaluator = (name: string) => ({
      ...{ name, description: '', alwaysRun: true },
      async handler({ write }: { write(write: never): void }) {
        note(name)
        const memory = { ...fact(), id: crypto.randomUUID(), type: 'messages', metadata: {} }
        if (name === 'OURS') write({ kind: 'memory.create', memory } as never) // as ours write
      },
    })
    const provider = (name: string) => ({
      name,
      async get() {
        note(name)
        return {}
      },
    })
    const action = (name: string) => ({
      ...{ name, description: '', effect: 'none' as const },
      async handler() {
        note(name)
        return { success: true }
      },
    })
    const { host, runtime } = house({
      evaluators: [evaluator('OURS'), { ...evaluator('THEIRS'), isForeign: true }],
      providers: [{ ...provider('OURS'), builtIn: true }, provider('THEIRS')],
      actions: [action('OURS'), { ...action('THEIRS'), isForeign: true }],
    })
    const turn = fakeTurn(host)
    const ours = [
      ['OURS', undefined],
      ['THEIRS', 'greeter'],
    ]
    await turn.run(() => runtime.composeState(turn.message, ['OURS', 'THEIRS'], true))
    expect(scopes.splice(0)).toEqual(ours)
    await turn.run(() => runtime.evaluate(turn.message))
    expect(scopes.splice(0)).toEqual(ours)
    const response = { ...turn.message, content: { actions: ['OURS', 'THEIRS'] } }
    await turn.run(() =>
      runtime.processActions(turn.message, [response], { values: {}, data: {}, text: '' }),
    )
    expect(scopes.splice(0).filter((each) => each !== undefined)).toEqual(
      expect.arrayContaining(ours),
    )
    expect(turn.written).toHaveLength(1)
  })
})
