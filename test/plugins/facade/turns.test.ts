import { once } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import { createRuntime } from '../../../plugins/facade/create-runtime.ts'
import { PluginError } from '../../../plugins/plugin-error.ts'
import {
  AGENT_ID,
  fakeRuntimeHost,
  fakeTurn,
  PERSON_ID,
  ROOM_ID,
} from '../../support/fake-runtime-host.ts'

const house = () => {
  const host = fakeRuntimeHost()
  return { host, runtime: createRuntime(host) }
}
const fact = (text: string) => ({ entityId: PERSON_ID, roomId: ROOM_ID, content: { text } })

describe('what a member writes within a turn', () => {
  it('is kept for the step, and nothing is stored before it commits', async () => {
    const { host, runtime } = house()
    const turn = fakeTurn(host)
    await turn.run(() => runtime.createMemory(fact('Likes tea.'), 'facts'))
    expect(host.records.writes).toEqual([])
    expect(await runtime.getMemories({ tableName: 'facts' })).toEqual([])
    await turn.commit()
    expect(await runtime.getMemories({ tableName: 'facts' })).toHaveLength(1)
  })

  it('gets the same ids when the step is repeated, and others in another member', async () => {
    const { host, runtime } = house()
    const write = async (member: string) => {
      const turn = fakeTurn(host, { turnId: '00000000-0000-0000-0000-00000000000f' })
      return turn.run(
        async () => [
          await runtime.createMemory(fact('One.'), 'facts'),
          await runtime.createMemory(fact('Two.'), 'facts'),
          await runtime.createTask({ name: 'WATER' }),
        ],
        { member },
      )
    }
    const first = await write('action GREET')
    expect(await write('action GREET')).toEqual(first)
    expect(new Set([...first, ...(await write('action WAVE'))]).size).toBe(6)
  })

  it('is not seen by another turn of the same runtime at the same time', async () => {
    const { host, runtime } = house()
    const seen = await Promise.all(
      ['Likes tea.', 'Likes coffee.'].map((text) =>
        fakeTurn(host).run(async () => {
          await runtime.setCache('drink', text)
          await runtime.createMemory(fact(text), 'facts')
          await new Promise((resolve) => setImmediate(resolve))
          const facts = await runtime.getMemories({ tableName: 'facts' })
          return [await runtime.getCache('drink'), ...facts.map(({ content }) => content.text)]
        }),
      ),
    )
    expect(seen).toEqual([
      ['Likes tea.', 'Likes tea.'],
      ['Likes coffee.', 'Likes coffee.'],
    ])
  })

  it('names the run of its own turn, whatever runs beside it', async () => {
    const { host, runtime } = house()
    const turns = [fakeTurn(host), fakeTurn(host)]
    const runs = await Promise.all(
      turns.map((turn) =>
        turn.run(async () => {
          runtime.startRun(ROOM_ID)
          await new Promise((resolve) => setImmediate(resolve))
          return runtime.getCurrentRunId()
        }),
      ),
    )
    expect(runs).toEqual(turns.map(({ context }) => context.turn.turnId))
  })

  it('is stored at once where the step takes no writes, and is read back there', async () => {
    const { host, runtime } = house()
    const turn = fakeTurn(host, { readOnly: true })
    const found = await turn.run(async () => {
      await runtime.getCache('drink')
      await runtime.setCache('drink', 'tea')
      return runtime.getCache('drink')
    })
    expect(found).toBe('tea')
    expect(host.commits).toHaveLength(1)
    expect(host.logged).toMatchObject([{ level: 'debug', fields: { plugin: 'greeter' } }])
  })

  it('is refused at once when it can never be stored', async () => {
    const { host, runtime } = house()
    const turn = fakeTurn(host)
    const writing = turn.run(() => runtime.createMemory({ ...fact('x'), id: 'no-uuid' }, 'facts'))
    await expect(writing).rejects.toThrow("'no-uuid'")
    expect(turn.written).toEqual([])
  })

  it('is a copy: what the plugin does to its object afterwards reaches nobody', async () => {
    const { host, runtime } = house()
    const turn = fakeTurn(host)
    const memory = fact('Likes tea.')
    await turn.run(async () => {
      await runtime.createMemory(memory, 'facts')
      memory.content.text = 'Likes nothing.'
    })
    await turn.commit()
    expect(await runtime.getMemories({ tableName: 'facts' })).toMatchObject([
      { content: { text: 'Likes tea.' } },
    ])
  })

  it('belongs to no step when the turn is of another agent', async () => {
    const { runtime, host } = house()
    const other = createRuntime({ ...host, agentId: '00000000-0000-0000-0000-0000000000e0' })
    const turn = fakeTurn(host)
    await turn.run(() => other.setCache('drink', 'tea'))
    expect(turn.written).toEqual([])
    expect(await runtime.getCache('drink')).toBe('tea')
  })
})

/** What a member left behind: begun within its turn, going on after it returned. */
async function leftBehind<T>(
  turn: ReturnType<typeof fakeTurn>,
  work: () => Promise<T>,
): Promise<() => Promise<T>> {
  const gate = new EventTarget()
  let late: Promise<T> | undefined
  await turn.run(() => {
    late = once(gate, 'go').then(work)
  })
  return async () => {
    gate.dispatchEvent(new Event('go'))
    if (!late) throw new Error('Nothing was left behind.')
    return late
  }
}

describe('what a member does after it returned', () => {
  it('is stored at once where it makes something, with a warning by name', async () => {
    const { host, runtime } = house()
    const turn = fakeTurn(host)
    const go = await leftBehind(turn, () => runtime.createMemory(fact('Late.'), 'facts'))
    await turn.commit()
    await go()
    expect(await runtime.getMemories({ tableName: 'facts' })).toHaveLength(1)
    expect(turn.written).toEqual([])
    const { turnId } = turn.context.turn
    expect(host.logged).toMatchObject([
      { level: 'warn', fields: { plugin: 'greeter', member: 'action GREET', turnId } },
    ])
  })

  it('is stored at once in a timer as well', async () => {
    const { host, runtime } = house()
    const turn = fakeTurn(host)
    const written = Promise.withResolvers<string>()
    await turn.run(() => {
      setTimeout(() => written.resolve(runtime.createMemory(fact('Late.'), 'facts')), 5)
    })
    await written.promise
    expect(turn.written).toEqual([])
    expect(host.commits).toHaveLength(1)
  })

  it('is refused where it changes or removes a memory', async () => {
    const { host, runtime } = house()
    const id = await runtime.createMemory(fact('Likes tea.'), 'facts')
    const turn = fakeTurn(host)
    const update = await leftBehind(turn, () => runtime.updateMemory({ id, metadata: { x: 1 } }))
    await expect(update()).rejects.toThrow(PluginError)
    const remove = await leftBehind(turn, () => runtime.deleteMemory(id))
    await expect(remove()).rejects.toThrow(
      `The action GREET of 'greeter' asks for 'memory.delete' after it returned, in turn '${turn.context.turn.turnId}'`,
    )
    expect(await runtime.getMemoryById(id)).toMatchObject({ metadata: {} })
  })

  it('reads what is stored now, not what the step had read', async () => {
    const { host, runtime } = house()
    const turn = fakeTurn(host)
    await turn.run(() => runtime.getCache('drink'))
    const go = await leftBehind(turn, () => runtime.getCache('drink'))
    await runtime.setCache('drink', 'tea')
    expect(await go()).toBe('tea')
  })

  it('is refused altogether once the turn was cut off', async () => {
    const { host, runtime } = house()
    const cancelling = new AbortController()
    const turn = fakeTurn(host, { signal: cancelling.signal })
    const attempts = await Promise.all([
      leftBehind(turn, () => runtime.createMemory(fact('Late.'), 'facts')),
      leftBehind(turn, () => runtime.getRoom(ROOM_ID)),
      leftBehind(turn, () => runtime.useModel('TEXT_SMALL', { prompt: 'x' })),
      leftBehind(turn, () => runtime.sendMessageToTarget({ source: 'discord' }, { text: 'x' })),
    ])
    cancelling.abort(new Error('The turn was cancelled.'))
    for (const go of attempts) await expect(go()).rejects.toThrow('was cut off')
    expect([host.commits, host.asked, host.sent]).toEqual([[], [], []])
  })

  it('is only late where the signal ended with the member itself', async () => {
    const { host, runtime } = house()
    const own = new AbortController()
    const turn = fakeTurn(host, { signal: own.signal })
    const go = await leftBehind(turn, () => runtime.setCache('drink', 'tea'))
    own.abort()
    expect(await go()).toBe(true)
  })

  it('is refused in a member that still runs when its turn is cut off', async () => {
    const { host, runtime } = house()
    const cancelling = new AbortController()
    const turn = fakeTurn(host, { signal: cancelling.signal })
    const working = turn.run(async () => {
      cancelling.abort()
      await runtime.setCache('drink', 'tea')
    })
    await expect(working).rejects.toThrow('was cut off')
  })
})

describe('outside of turns', () => {
  it('what is written is stored at once, and each member has a run of its own', async () => {
    const { host, runtime } = house()
    await runtime.setCache('drink', 'tea')
    expect(host.commits).toHaveLength(1)
    const run = runtime.startRun()
    expect(runtime.getCurrentRunId()).toBe(run)
    runtime.endRun()
    expect(runtime.getCurrentRunId()).not.toBe(run)
  })

  it('the host hears of tasks when they are stored', async () => {
    const { host, runtime } = house()
    const id = await runtime.createTask({ name: 'WATER', tags: ['queue'] })
    await runtime.updateTask(id, { description: 'The plants.' })
    await runtime.deleteTask(id)
    expect(host.told.tasks).toBe(3)
    await runtime.setCache('drink', 'tea')
    expect(host.told.tasks).toBe(3)
    expect(AGENT_ID).toBe(runtime.agentId)
  })
})
