import { describe, expect, it } from '@jest/globals'
import type { ElizaEventHandler } from '../../../plugins/contract.ts'
import { createTurnEvents } from '../../../plugins/host/turn-events.ts'
import type { Runtime } from '../../../plugins/runtime.ts'
import { hostBench, hosted, loadedTurn } from '../../support/sample-plugins/host-bench.ts'

const [ROOM, WORLD, PERSON, MESSAGE] = [1, 2, 3, 4].map(
  (n) => `00000000-0000-4000-8000-00000000000${n}`,
) as [string, string, string, string]

/** An agent whose plugin listens to these events, on records in memory. */
async function listening(names: readonly string[], also?: ElizaEventHandler) {
  const told: { readonly name: string; readonly payload: Record<string, unknown> }[] = []
  const queued: unknown[] = []
  const note =
    (name: string): ElizaEventHandler =>
    async (payload) => {
      told.push({ name, payload })
      await also?.(payload)
    }
  const events = Object.fromEntries(names.map((name) => [name, [note(name)]]))
  const bench = hostBench([{ name: 'wire', events }], {
    messages: (agentId) => ({
      ...{ handle: never, send: never },
      delete: (id) => bench.records.commit(agentId, [{ kind: 'memory.delete', ids: [id] }]),
      clear: (roomId) =>
        bench.records.commit(agentId, [{ kind: 'memory.clear', roomId, type: 'messages' }]),
    }),
    hostService: (_agentId, type) =>
      type === 'embedding-generation'
        ? { handleEmbeddingRequest: async (request: object) => void queued.push(request) }
        : undefined,
  })
  const agent = hosted(['wire'])
  const { runtime } = await bench.host.open(agent)
  return { bench, runtime, told, queued, id: agent.id, names: () => told.map(({ name }) => name) }
}

const never = async (): Promise<never> => {
  throw new Error('Nothing is handled or sent here.')
}

const connection = {
  ...{ entityId: PERSON, roomId: ROOM, worldId: WORLD, channelId: 'C1', source: 'wire' },
  ...{ userName: 'sam', name: 'Sam', userId: 'U1', type: 'GROUP' },
}
const JOINED = ['WORLD_JOINED', 'ROOM_JOINED', 'ENTITY_JOINED']

describe('what a call of the runtime makes known', () => {
  it('is told once: the world, the room, and the person with their names', async () => {
    const { runtime, told, names } = await listening(JOINED)
    await runtime.ensureConnection(connection)
    await runtime.ensureConnection(connection)
    expect(names()).toEqual(JOINED)
    const person = { entityId: PERSON, roomId: ROOM, worldId: WORLD, source: 'wire' }
    const metadata = { type: 'GROUP', originalId: 'U1', username: 'sam', displayName: 'Sam' }
    expect(told[2]?.payload).toMatchObject({ ...person, metadata })
    expect(told[0]?.payload).toMatchObject({ world: { id: WORLD }, rooms: [{ id: ROOM }] })
  })

  it('is told of one who joins a room that is known', async () => {
    const { runtime, told, names } = await listening(JOINED)
    await runtime.ensureConnection(connection)
    await runtime.addParticipant(MESSAGE, ROOM)
    await runtime.addParticipant(MESSAGE, ROOM)
    expect(names()).toEqual([...JOINED, 'ENTITY_JOINED'])
    expect(told[3]?.payload).toMatchObject({ entityId: MESSAGE, roomId: ROOM, worldId: WORLD })
  })

  it('is not told to the handler that makes it known, which would hear itself for ever', async () => {
    let next = 10
    const { runtime, names } = await listening(['ENTITY_JOINED'], async ({ runtime: own }) => {
      next += 1
      const entityId = `00000000-0000-4000-8000-0000000000${next}`
      await (own as Runtime).ensureConnection({ ...connection, entityId })
    })
    await runtime.ensureConnection(connection)
    expect(names()).toEqual(['ENTITY_JOINED'])
  })
})

describe('the message service', () => {
  const said = { id: MESSAGE, entityId: PERSON, roomId: ROOM, content: { text: 'Hi' } }

  it('tells of a message that it deleted, and of none that was not there', async () => {
    const { runtime, told, names } = await listening(['MESSAGE_DELETED'], (payload) =>
      // As ElizaOS's own plugin answers the event.
      runtime.messageService?.deleteMessage(runtime, payload.message as typeof said),
    )
    await runtime.createMemory(said, 'messages')
    await runtime.messageService?.deleteMessage(runtime, said)
    await runtime.messageService?.deleteMessage(runtime, said)
    expect(names()).toEqual(['MESSAGE_DELETED'])
    expect(told[0]?.payload.message).toMatchObject({ id: MESSAGE, content: { text: 'Hi' } })
  })

  it('tells how many messages of a room it cleared, once', async () => {
    const { runtime, told } = await listening(['CHANNEL_CLEARED'], () =>
      runtime.messageService?.clearChannel(runtime, ROOM, 'C1'),
    )
    await runtime.createMemory(said, 'messages')
    await runtime.messageService?.clearChannel(runtime, ROOM, 'C1')
    expect(
      told.map(({ payload }) => [payload.roomId, payload.channelId, payload.memoryCount]),
    ).toEqual([[ROOM, 'C1', 1]])
  })
})

it('a vector is queued once for whoever asks by the event, or by the runtime', async () => {
  const { runtime, queued } = await listening([])
  const memory = { id: MESSAGE, entityId: PERSON, roomId: ROOM, content: { text: 'Hi' } }
  await runtime.emitEvent('EMBEDDING_GENERATION_REQUESTED', { memory, priority: 'high' })
  await runtime.queueEmbeddingGeneration(memory, 'low')
  await runtime.emitEvent('ANOTHER', { memory })
  expect(queued).toMatchObject([
    { memory: { id: MESSAGE }, priority: 'high' },
    { memory: { id: MESSAGE }, priority: 'low' },
  ])
})

it('the end of an evaluator that threw, and of a turn that failed, have their error', async () => {
  const { bench, told, id } = await listening(['EVALUATOR_COMPLETED', 'RUN_ENDED'])
  const turnEvents = createTurnEvents(bench.host)
  const turn = loadedTurn(id)
  turnEvents.emit(turn, 'EVALUATOR_COMPLETED', { evaluatorName: 'MOOD', error: 'No mood.' })
  turnEvents.emit(turn, 'EVALUATOR_COMPLETED', { evaluatorName: 'FINE' })
  turnEvents.emit(turn, 'RUN_ENDED', { status: 'error', error: 'model_unavailable' })
  await turnEvents.settled()
  expect(told.map(({ payload }) => [payload.completed ?? payload.status, payload.error])).toEqual([
    [false, new Error('No mood.')],
    [true, undefined],
    ['error', 'model_unavailable'],
  ])
})
