import { describe, expect, it } from '@jest/globals'
import type { Provider } from '../../../agent/provider.ts'
import { createRuntime } from '../../../plugins/facade/create-runtime.ts'
import type { Runtime } from '../../../plugins/runtime.ts'
import {
  AGENT_ID,
  fakeRuntimeHost,
  fakeTurn,
  PERSON_ID,
  ROOM_ID,
  WORLD_ID,
} from '../../support/fake-runtime-host.ts'

/** What plugin-bootstrap's providers read for one REPLY, by provider. */
const READS: Readonly<Record<string, (runtime: Runtime) => Promise<unknown>>> = {
  ENTITIES: async (runtime) => [
    await runtime.getRoom(ROOM_ID),
    await runtime.getEntitiesForRoom(ROOM_ID),
  ],
  ANXIETY: (runtime) => runtime.getRoom(ROOM_ID),
  ROLES: async (runtime) => [await runtime.getRoom(ROOM_ID), await runtime.getWorld(WORLD_ID)],
  SETTINGS: async (runtime) => [await runtime.getRoom(ROOM_ID), await runtime.getAllWorlds()],
  CHOICE: (runtime) => runtime.getTasks({ roomId: ROOM_ID, tags: ['AWAITING_CHOICE'] }),
  CHARACTER: (runtime) => runtime.getRoom(ROOM_ID),
  WORLD: async (runtime) => [
    await runtime.getRoom(ROOM_ID),
    await runtime.getWorld(WORLD_ID),
    await runtime.getRooms(WORLD_ID),
    await runtime.getParticipantsForRoom(ROOM_ID),
  ],
  RECENT: async (runtime) => [
    await runtime.getRoom(ROOM_ID),
    await runtime.getEntitiesForRoom(ROOM_ID),
    await runtime.getMemories({ tableName: 'messages', roomId: ROOM_ID, count: 32 }),
    await runtime.getRoomsForParticipants([PERSON_ID, AGENT_ID]),
    await runtime.getMemoriesByRoomIds({ tableName: 'messages', roomIds: [ROOM_ID], limit: 20 }),
    await runtime.getEntityById(PERSON_ID),
    await runtime.getParticipantUserState(ROOM_ID, AGENT_ID),
  ],
  RESULTS: (runtime) => runtime.getMemories({ tableName: 'messages', roomId: ROOM_ID, count: 32 }),
  RELATIONS: async (runtime) => [
    await runtime.getRelationships({ entityId: PERSON_ID }),
    await runtime.getEntityById(PERSON_ID),
    await runtime.getCache('greeting'),
  ],
}

describe('the reads of a step', () => {
  it('reach the database once each: a REPLY asks 24 times, for 14 things', async () => {
    let calls = 0
    const host = fakeRuntimeHost({
      providers: Object.entries(READS).map(
        ([name, read]): Provider => ({
          name,
          get: async () => {
            await turn.run(() => read(counting), {
              plugin: 'bootstrap',
              member: `provider ${name}`,
            })
            return {}
          },
        }),
      ),
    })
    const runtime = createRuntime(host)
    const counting = new Proxy(runtime, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name)
        return (...args: unknown[]) => {
          calls += 1
          return typeof member === 'function' ? Reflect.apply(member, target, args) : undefined
        }
      },
    })
    const turn = fakeTurn(host)
    await turn.run(() => runtime.composeState(turn.message))
    expect(calls).toBe(24)
    expect(host.reads).toHaveLength(14)
  })

  it('are asked anew in the next step', async () => {
    const host = fakeRuntimeHost()
    const runtime = createRuntime(host)
    for (const step of ['runAction:0', 'runAction:1']) {
      const turn = fakeTurn(host, { step })
      await turn.run(() => Promise.all([runtime.getRoom(ROOM_ID), runtime.getRoom(ROOM_ID)]))
    }
    expect(host.reads).toEqual(['rooms', 'rooms'])
  })

  it('give each member a copy: what one does to its answer reaches no other', async () => {
    const host = fakeRuntimeHost()
    const runtime = createRuntime(host)
    const metadata = { chat: { name: 'Sam' } }
    await runtime.createEntity({ id: PERSON_ID, names: ['Sam'], metadata })
    const turn = fakeTurn(host)
    const person = await turn.run(() => runtime.getEntityById(PERSON_ID))
    person?.names.push('Mallory')
    Object.assign(person?.metadata?.chat ?? {}, { name: 'Mallory' })
    expect(await turn.run(() => runtime.getEntityById(PERSON_ID))).toMatchObject({
      ...{ names: ['Sam'], metadata },
    })
  })

  it('are not kept when they fail', async () => {
    const host = fakeRuntimeHost()
    let isAway = true
    const { records } = host
    const away = new Proxy(records, {
      get: (target, name) =>
        name === 'of' && isAway
          ? () => ({
              ...records.of(AGENT_ID),
              cached: async () => Promise.reject(new Error('away')),
            })
          : Reflect.get(target, name),
    })
    const runtime = createRuntime({ ...host, records: away })
    const turn = fakeTurn(host)
    await expect(turn.run(() => runtime.getCache('x'))).rejects.toThrow('away')
    isAway = false
    expect(await turn.run(() => runtime.getCache('x'))).toBeUndefined()
  })

  it('outside of turns are asked each time', async () => {
    const host = fakeRuntimeHost()
    const runtime = createRuntime(host)
    await runtime.getRoom(ROOM_ID)
    await runtime.getRoom(ROOM_ID)
    expect(host.reads).toEqual(['rooms', 'rooms'])
  })
})
