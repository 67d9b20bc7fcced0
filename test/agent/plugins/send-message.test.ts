import { beforeEach, describe, expect, it } from '@jest/globals'
import { sendMessageAction } from '../../../agent/plugins/core/send-message-action.ts'
import type { RecordWrite } from '../../../agent/records.ts'
import type { JsonObject } from '../../../schema/json.ts'
import { createMemoryRecords, type MemoryRecords } from '../../support/memory-records.ts'
import { AGENT_ID, actionContext, NO_PLAN, OTHER_ID, PERSON_ID } from '../turn-context.ts'

/** Somebody whom the author shares a room with, elsewhere. */
const FAR_ID = '00000000-0000-0000-0000-00000000000c'
const STRANGER_ID = '00000000-0000-0000-0000-00000000000d'

let records: MemoryRecords

function room(
  id: string,
  people: readonly string[],
  more: { name?: string; type?: string; source?: string; worldId?: string } = {},
): RecordWrite[] {
  const place = { worldId: 'world', channelId: `channel-${id}`, source: 'loopback', type: 'GROUP' }
  return [
    { kind: 'room.put', room: { id, ...place, ...more } },
    ...[AGENT_ID, ...people].map(
      (entityId): RecordWrite => ({ kind: 'participant.add', roomId: id, entityId }),
    ),
  ]
}

const person = (id: string, ...names: string[]): RecordWrite => ({
  kind: 'entity.put',
  entity: { id, names },
})

beforeEach(async () => {
  records = createMemoryRecords()
  await records.commit(AGENT_ID, [
    { kind: 'world.put', world: { id: 'world', metadata: { roles: { [OTHER_ID]: 'ADMIN' } } } },
    person(PERSON_ID, 'Sam'),
    person(OTHER_ID, 'Kim'),
    person(FAR_ID, 'Lee'),
    person(STRANGER_ID, 'Max'),
    ...room('room', [PERSON_ID, OTHER_ID], { source: 'test' }),
    ...room('general', [PERSON_ID, FAR_ID], { name: 'general' }),
    ...room('twin-1', [PERSON_ID], { name: 'twin' }),
    ...room('twin-2', [PERSON_ID], { name: 'twin' }),
    ...room('board', [STRANGER_ID], { name: 'board' }),
    ...room('dm-kim', [OTHER_ID], { type: 'DM' }),
    ...room('dm-lee', [FAR_ID], { type: 'DM' }),
    ...room('dm-max', [STRANGER_ID], { type: 'DM' }),
    ...room('web-lee', [FAR_ID], { type: 'DM', source: 'client_chat' }),
  ])
})

async function send(parameters: JsonObject, more: { by?: string; answer?: string } = {}) {
  const { by = PERSON_ID, answer } = more
  const base = actionContext({ records, parameters, answer, room: { type: 'GROUP' } })
  const context = { ...base, message: { ...base.message, entityId: by } }
  const result = await sendMessageAction.handler(context)
  return { result, ...base.recorded }
}

describe('SEND_MESSAGE', () => {
  it.each(['general', '#General', 'channel-general'])('writes to the room %s', async (target) => {
    const { result, records: writes, said } = await send({ target, text: 'Hi all' })
    expect(result).toMatchObject({ success: true, data: { roomId: 'general' } })
    expect(writes).toEqual([
      {
        kind: 'message.send',
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        memoryId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        roomId: 'general',
        content: { text: 'Hi all', source: 'loopback', channelType: 'GROUP' },
        outboxSource: 'loopback',
      },
    ])
    expect(said).toMatchObject([{ text: 'I wrote to general.' }])
  })

  it('gives the message the same id when it is run again', async () => {
    const ids = await Promise.all(
      [1, 2].map(async () => (await send({ target: 'general', text: 'Hi' })).records[0]),
    )
    expect(ids[0]).toEqual(ids[1])
  })

  it('writes to a person of this room in their direct conversation', async () => {
    const { records: writes } = await send({ target: '@kim', text: 'Hi' })
    expect(writes).toMatchObject([{ roomId: 'dm-kim' }])
  })

  it('writes to a person whom the author meets in another room, on the platform that was named', async () => {
    const sent = await send({ target: 'Lee', text: 'Hi', source: 'client_chat' })
    expect(sent.records).toMatchObject([{ roomId: 'web-lee', outboxSource: null }])
    const unclear = await send({ target: 'Lee', text: 'Hi' })
    expect(unclear.records).toEqual([])
    expect(unclear.result.error).toBe('I have 2 direct conversations with Lee: say where.')
  })

  it.each([
    ['gener', "I know nobody here who is called 'gener'."],
    ['twin', "2 rooms are called 'twin'."],
    ['Max', "I know nobody here who is called 'Max'."],
    ['board', "You are not in 'board', so I do not write there for you."],
    ['dm-max', "You are not in 'channel-dm-max', so I do not write there for you."],
    ['room', 'That is this very room.'],
  ])('does not write to %s, and says why', async (target, reason) => {
    const { result, records: writes, said } = await send({ target, text: 'Hi' })
    expect(result).toMatchObject({ success: false, error: reason })
    expect(writes).toEqual([])
    expect(said).toMatchObject([{ text: reason, failed: true }])
  })

  it('writes for an admin into any room of the world, but into no direct conversation of others', async () => {
    const { records: writes } = await send({ target: 'board', text: 'Hi' }, { by: OTHER_ID })
    expect(writes).toMatchObject([{ roomId: 'board' }])
    const { result } = await send({ target: 'dm-max', text: 'Hi' }, { by: OTHER_ID })
    expect(result.success).toBe(false)
  })

  it('asks a small model for what it was not given, and only then', async () => {
    const answer = '<response><target>general</target><text>At nine.</text></response>'
    const asked = await send({ target: 'general' }, { answer })
    expect(asked.prompts).toMatchObject([{ purpose: 'TEXT_SMALL' }])
    expect(asked.prompts[0]?.prompt).toContain('- text (required): what is sent, word for word')
    expect(asked.records).toMatchObject([{ content: { text: 'At nine.' } }])
    expect((await send({ target: 'general', text: 'Hi' })).prompts).toEqual([])
  })

  it('leaves the failure to the words that are chosen behind it', async () => {
    const plan = { ...NO_PLAN, words: 'later' } as const
    const context = actionContext({ records, parameters: { target: 'x', text: 'y' }, plan })
    expect((await sendMessageAction.handler(context)).success).toBe(false)
    expect(context.recorded.said).toEqual([])
  })
})
