import { describe, expect, it } from '@jest/globals'
import type { ElizaEventHandler } from '../../../plugins/contract.ts'
import { createTurnEvents } from '../../../plugins/host/turn-events.ts'
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

it('what the runtime makes known is told by the plugin that knows of it, as in ElizaOS, and not twice', async () => {
  const { runtime, names } = await listening(JOINED)
  await runtime.ensureConnection(connection)
  await runtime.addParticipant(MESSAGE, ROOM)
  expect(names()).toEqual([])
  await runtime.emitEvent('ENTITY_JOINED', { entityId: PERSON })
  expect(names()).toEqual(['ENTITY_JOINED'])
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
