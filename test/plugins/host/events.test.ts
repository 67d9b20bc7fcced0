import { describe, expect, it } from '@jest/globals'
import type { ElizaEventHandler, ElizaPlugin } from '../../../plugins/contract.ts'
import { createTurnEvents } from '../../../plugins/host/turn-events.ts'
import type { Runtime } from '../../../plugins/runtime.ts'
import {
  actionOf,
  faultOf,
  hostBench,
  hosted,
  loadedTurn,
  stepOf,
} from '../../support/sample-plugins/host-bench.ts'

const listening = (
  events: Readonly<Record<string, readonly ElizaEventHandler[]>>,
  more: Partial<ElizaPlugin> = {},
): ElizaPlugin => ({ name: 'listening', events, ...more })

async function opened(
  plugins: readonly ElizaPlugin[],
  given: Parameters<typeof hostBench>[1] = {},
) {
  const bench = hostBench(plugins, given)
  const agent = hosted(plugins.map(({ name }) => name))
  const { runtime } = await bench.host.open(agent)
  return { bench, id: agent.id, runtime, turnEvents: createTurnEvents(bench.host) }
}

const fact = (text: string) => ({ entityId: ENTITY, roomId: ENTITY, content: { text } })
const ENTITY = '00000000-0000-4000-8000-000000000001'

describe('an event that a plugin emits', () => {
  it('reaches all handlers, with runtime and source, and nobody’s failure reaches anybody', async () => {
    const seen: unknown[] = []
    const broken = () => {
      throw new Error('no')
    }
    const hanging = () => new Promise(() => undefined)
    const noting: ElizaEventHandler = ({ runtime, source, text }) => {
      seen.push([(runtime as { agentId: string }).agentId, source, text])
    }
    const plugin = listening({ ASKED: [broken, hanging, noting] })
    const { bench, id, runtime } = await opened([plugin], { timeMs: { event: 20 } })
    runtime.registerEvent('ASKED', noting)
    await runtime.emitEvent(['ASKED', 'UNHEARD'], { text: 'hi' })
    expect(seen).toEqual([
      [id, 'runtime', 'hi'],
      [id, 'runtime', 'hi'],
    ])
    expect(faultOf(bench, id, 'event ASKED #1')).toMatchObject({ count: 1, lastError: 'no' })
    expect(faultOf(bench, id, 'event ASKED #2')?.lastError).toContain('within 20 ms')
  })

  it('by an action writes into its step when the handler has ended, or not at all', async () => {
    const plugin: ElizaPlugin = {
      name: 'shop',
      actions: [
        {
          name: 'SELL',
          handler: async (runtime) => {
            await runtime.createMemory(fact('by the action'), 'facts')
            await runtime.emitEvent('SOLD', {})
          },
        },
      ],
      events: {
        SOLD: [
          async ({ runtime }) => {
            const own = runtime as Runtime
            await own.createMemory(fact('kept'), 'facts')
          },
          async ({ runtime }) => {
            const own = runtime as Runtime
            await own.createMemory(fact('dropped'), 'facts')
            throw new Error('half way')
          },
        ],
      },
    }
    const { bench, id } = await opened([plugin])
    const step = stepOf(bench, id)
    await actionOf(bench, id, 'SELL').handler(step.context)
    const texts = step.written.map((write) =>
      write.kind === 'memory.create' ? write.memory.content.text : write.kind,
    )
    expect(texts).toEqual(['by the action', 'kept'])
    expect(bench.records.writes).toEqual([])
  })
})

describe('an event whose emitter does not wait', () => {
  /** An action that ends while a handler of its event is at work, in a step that has committed. */
  async function lateHandler(work: (runtime: Runtime) => Promise<unknown>) {
    const [gate, over] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()]
    const plugin: ElizaPlugin = {
      name: 'shop',
      actions: [
        {
          name: 'SELL',
          handler: async (runtime) => {
            over.resolve({ told: runtime.emitEvent('SOLD', {}) })
          },
        },
      ],
      events: {
        SOLD: [
          async ({ runtime }) => {
            await gate.promise
            await work(runtime as Runtime)
          },
        ],
      },
    }
    const { bench, id } = await opened([plugin])
    const step = stepOf(bench, id)
    await actionOf(bench, id, 'SELL').handler(step.context)
    gate.resolve()
    const { told } = (await over.promise) as { told: Promise<void> }
    await told
    return { bench, id, step }
  }

  it('has what a handler writes stored at once, with a warning', async () => {
    const { bench, step } = await lateHandler((runtime) =>
      runtime.createMemory(fact('a late one'), 'facts'),
    )
    expect(step.written).toEqual([])
    expect(bench.records.writes).toMatchObject([
      { kind: 'memory.create', memory: { content: { text: 'a late one' } } },
    ])
    const warnings = bench.lines.filter(({ level }) => level === 'warn')
    expect(warnings).toMatchObject([
      { fields: { handler: 'shop:SOLD #1', turnId: step.context.turn.turnId } },
    ])
  })

  it('has changes of memories refused, and the handler named', async () => {
    const { bench, id, step } = await lateHandler(async (runtime) => {
      await runtime.deleteMemory(ENTITY)
      await runtime.setCache('sold', 1)
    })
    expect(step.written).toEqual([])
    expect(bench.records.writes).toMatchObject([{ kind: 'cache.put', key: 'sold' }])
    expect(faultOf(bench, id, 'event SOLD #1')?.lastError).toContain("asks for 'memory.delete'")
  })

  it('has nothing stored of a turn that was cut off meanwhile', async () => {
    const cancelled: (() => void)[] = []
    const plugin: ElizaPlugin = {
      name: 'shop',
      actions: [
        {
          name: 'SELL',
          handler: async (runtime) => {
            const told = runtime.emitEvent('SOLD', {})
            for (const cancel of cancelled) cancel()
            await told
          },
        },
      ],
      events: { SOLD: [async ({ runtime }) => (runtime as Runtime).setCache('sold', 1)] },
    }
    const { bench, id } = await opened([plugin])
    const step = stepOf(bench, id)
    cancelled.push(() => step.cancel(new Error('cancelled')))
    await actionOf(bench, id, 'SELL')
      .handler(step.context)
      .catch(() => undefined)
    expect([...step.written, ...bench.records.writes]).toEqual([])
  })
})

describe('the events of a turn', () => {
  it('have ElizaOS’s payloads, in the order of the turn', async () => {
    const told: Record<string, unknown>[] = []
    const note: ElizaEventHandler = ({ runtime: _, ...payload }) => void told.push(payload)
    const names = ['RUN_STARTED', 'MESSAGE_RECEIVED', 'ACTION_COMPLETED', 'EVALUATOR_STARTED']
    const events = Object.fromEntries(
      [...names, 'MESSAGE_SENT', 'RUN_ENDED'].map((n) => [n, [note]]),
    )
    let clock = 5_000
    const { id, turnEvents } = await opened([listening(events)], { now: () => clock })
    const turn = loadedTurn(id)
    turnEvents.emit(turn, 'RUN_STARTED')
    turnEvents.emit(turn, 'MESSAGE_RECEIVED')
    turnEvents.emit(turn, 'ACTION_STARTED', { actionName: 'GREET', ordinal: 0 })
    turnEvents.emit(turn, 'ACTION_COMPLETED', { actionName: 'GREET', ordinal: 0, success: true })
    turnEvents.emit(turn, 'EVALUATOR_STARTED', { evaluatorName: 'MOOD' })
    turnEvents.emit(turn, 'MESSAGE_SENT', { content: { text: 'bye' } })
    clock += 250
    turnEvents.emit(turn, 'RUN_ENDED', { status: 'completed' })
    await turnEvents.settled()
    const places = {
      ...{ runId: turn.turnId, roomId: turn.room.id, messageId: turn.messageId },
      entityId: turn.message.entityId,
    }
    expect(told).toMatchObject([
      { ...places, source: 'messageHandler', startTime: 5_000, status: 'started' },
      { ...places, source: 'client_chat', message: { content: { text: 'hello' } } },
      { content: { actions: ['GREET'], actionStatus: 'completed' }, world: turn.room.worldId },
      { evaluatorName: 'MOOD', completed: false, startTime: 5_000 },
      { message: { entityId: id, content: { text: 'bye' } } },
      { status: 'completed', startTime: 5_000, endTime: 5_250, duration: 250 },
    ])
    expect(told).toHaveLength(6)
  })

  it('wait for the one before of their turn, and not for those of other turns', async () => {
    const told: string[] = []
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const { promise: other, resolve: heard } = Promise.withResolvers<void>()
    const slow: ElizaEventHandler = async ({ runId }) => {
      if (runId === first.turnId) await gate
      told.push(`start ${String(runId)}`)
      if (runId !== first.turnId) heard()
    }
    const end: ElizaEventHandler = ({ runId }) => void told.push(`end ${String(runId)}`)
    const plugin = listening({ RUN_STARTED: [slow], RUN_ENDED: [end] })
    const { id, turnEvents } = await opened([plugin])
    const [first, second] = [loadedTurn(id), loadedTurn(id)]
    turnEvents.emit(first, 'RUN_STARTED')
    turnEvents.emit(first, 'RUN_ENDED')
    turnEvents.emit(second, 'RUN_STARTED')
    await other
    open()
    await turnEvents.settled()
    expect(told).toEqual([`start ${second.turnId}`, `start ${first.turnId}`, `end ${first.turnId}`])
  })

  it('commit what a handler writes once, under the same ids when they are told again', async () => {
    const write: ElizaEventHandler = async ({ runtime }) => {
      const own = runtime as Runtime
      const first = await own.createMemory(fact('one'), 'facts')
      const read = await own.getMemoryById(first)
      await own.createMemory(fact(`read: ${read?.content.text}`), 'facts')
    }
    const half: ElizaEventHandler = async ({ runtime }) => {
      const own = runtime as Runtime
      await own.createMemory(fact('lost'), 'facts')
      throw new Error('half way')
    }
    const { bench, id, turnEvents } = await opened([listening({ RUN_STARTED: [write, half] })])
    const turn = loadedTurn(id)
    turnEvents.emit(turn, 'RUN_STARTED')
    await turnEvents.settled()
    turnEvents.emit(turn, 'RUN_STARTED')
    await turnEvents.settled()
    const created = bench.records.writes.flatMap((one) =>
      one.kind === 'memory.create' ? [one.memory] : [],
    )
    expect(created.map(({ content }) => content.text)).toEqual([
      ...['one', 'read: one', 'one', 'read: one'],
    ])
    expect(new Set(created.map((memory) => memory.id)).size).toBe(2)
  })

  it('let a handler say something: a message of its own in the room', async () => {
    const say: ElizaEventHandler = async ({ callback }) => {
      await (callback as (content: object) => Promise<unknown>)({ text: 'I have read it.' })
    }
    const { bench, id, turnEvents } = await opened([listening({ MESSAGE_RECEIVED: [say] })])
    const turn = loadedTurn(id)
    await bench.records.commit(id, [{ kind: 'room.put', room: turn.room }])
    turnEvents.emit(turn, 'MESSAGE_RECEIVED')
    await turnEvents.settled()
    expect(bench.records.writes.slice(1)).toMatchObject([
      { kind: 'message.send', roomId: turn.room.id, content: { text: 'I have read it.' } },
    ])
  })

  it('of forks, and of agents without handlers, are told to nobody', async () => {
    const told: unknown[] = []
    const { id, turnEvents } = await opened([listening({ RUN_STARTED: [(one) => told.push(one)] })])
    turnEvents.emit(loadedTurn(id, { forkOf: ENTITY }), 'RUN_STARTED')
    turnEvents.emit(loadedTurn(ENTITY), 'RUN_STARTED')
    turnEvents.emit(loadedTurn(id), 'RUN_TIMEOUT')
    await turnEvents.settled()
    expect(told).toEqual([])
  })

  it('never change the turn that they tell of', async () => {
    const spoil: ElizaEventHandler = ({ message }) => {
      const { content } = message as { content: { text: string } }
      content.text = 'spoiled'
    }
    const { id, turnEvents } = await opened([listening({ MESSAGE_RECEIVED: [spoil, spoil] })])
    const turn = loadedTurn(id)
    turnEvents.emit(turn, 'MESSAGE_RECEIVED')
    await turnEvents.settled()
    expect(turn.message.content.text).toBe('hello')
  })

  it('are told at most so many at a time', async () => {
    let [now, most] = [0, 0]
    const busy: ElizaEventHandler = async () => {
      now += 1
      most = Math.max(most, now)
      await new Promise((resolve) => setImmediate(resolve))
      now -= 1
    }
    const { bench, id } = await opened([listening({ RUN_STARTED: [busy] })])
    const turnEvents = createTurnEvents({ ...bench.host, atOnce: 3 })
    for (let count = 0; count < 20; count += 1) turnEvents.emit(loadedTurn(id), 'RUN_STARTED')
    await turnEvents.settled()
    expect(most).toBe(3)
  })
})
