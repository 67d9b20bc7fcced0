import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { ApplicationFailure } from '@temporalio/common'
import { sql } from 'kysely'
import type { Action, ActionEffect } from '../../agent/action.ts'
import type { Ports } from '../../agent/ports.ts'
import type { OpenDatabase } from '../../database/open.ts'
import type { HeadTurn, TurnInput } from '../../schema/turn.ts'
import { claim } from '../../turns/journal.ts'
import { settle } from '../../turns/settle.ts'
import { takeOver } from '../../turns/sweep.ts'
import { describeDatabases } from '../support/databases.ts'
import { createLoopbackConnector } from '../support/loopback-connector.ts'
import { createStepBench, type StepBench } from '../support/step-bench.ts'
import { attemptOf, contents, replyTo, settlementOf } from '../support/turn-fixtures.ts'

const ORDER = { ordinal: 0, action: 'ORDER' }

describeDatabases('running an action', (open) => {
  let database: OpenDatabase
  let bench: StepBench
  let runs: string[]
  let effect: ActionEffect
  let handler: Action['handler']
  let tamper: (ports: Ports) => Ports

  beforeAll(async () => {
    database = await open()
  })
  beforeEach(() => {
    runs = []
    effect = 'once'
    tamper = (ports) => ports
    handler = async ({ say, remember, agent, previous }) => {
      say({ text: 'I order the pizza.' })
      say({ text: 'It is ordered.' })
      remember({ type: 'facts', entityId: agent.id, content: { text: 'Sam eats pizza.' } })
      return { success: true, text: `after ${previous.length}`, data: { price: 12 } }
    }
    bench = createStepBench({
      ...{ database, plugins: [ordering()], connector: createLoopbackConnector() },
      tamper: (ports) => tamper(ports),
    })
  })
  const ordering = () => ({
    name: 'pizza',
    description: 'Orders pizza.',
    actions: [
      {
        ...{ name: 'ORDER', description: 'Orders a pizza.' },
        get effect() {
          return effect
        },
        handler: async (context: Parameters<Action['handler']>[0]) => {
          runs.push(context.key)
          return handler(context)
        },
      },
    ],
  })
  const run = (turn: TurnInput, attempt = 1, step = ORDER) =>
    bench.attempt(attempt, (activities) => activities.runAction(turn, step))
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => (error instanceof ApplicationFailure ? error.type : error),
    )
  const journalOf = async ({ turnId }: HeadTurn, step = 'runAction:0') => {
    const rows = await database.db
      .selectFrom('steps')
      .select(['attempt', 'state', 'result'])
      .where('turn_id', '=', turnId)
      .where('step', '=', step)
      .execute()
    return rows[0]
  }
  /** What the turn said, in the order in which a channel shows it. */
  const said = async ({ turnId }: HeadTurn) =>
    (
      await database.db
        .selectFrom('messages')
        .select('content')
        .where('turn_id', '=', turnId)
        .orderBy('created_at')
        .execute()
    ).map(({ content }) => content)

  it('commits what it said, wrote and found out together', async () => {
    const turn = await bench.turn()
    await run(turn)
    expect(await journalOf(turn)).toEqual({
      ...{ attempt: 1, state: 'done' },
      result: { action: 'ORDER', success: true, text: 'after 0', data: { price: 12 } },
    })
    expect(await said(turn)).toEqual(['I order the pizza.', 'It is ordered.'])
    const memories = await database.db
      .selectFrom('memories')
      .select(['type', 'step'])
      .where('turn_id', '=', turn.turnId)
      .where('step', '=', 'runAction:0')
      .execute()
    expect(memories.map(({ type }) => type).sort()).toEqual(['facts', 'messages', 'messages'])
  })

  it('runs the handler once, however often the step runs', async () => {
    const turn = await bench.turn()
    await run(turn, 1)
    const before = await contents(database.db)
    await run(turn, 1)
    await run(turn, 2)
    expect(runs).toEqual([`${turn.turnId}:1:runAction:0`])
    expect(await contents(database.db)).toEqual(before)
  })

  it('gives an action the results of those before it', async () => {
    const turn = await bench.turn()
    await run(turn)
    await run(turn, 1, { ordinal: 1, action: 'ORDER' })
    expect((await journalOf(turn, 'runAction:1'))?.result).toMatchObject({ text: 'after 1' })
  })

  it('shows what an action said before the reply, to our clients and to the platform', async () => {
    const turn = await bench.turn()
    await run(turn)
    const reply = replyTo(turn, 'Enjoy!', 'loopback')
    await settle(database.db, settlementOf(turn, { reply }))
    const all = ['I order the pizza.', 'It is ordered.', 'Enjoy!']
    expect(await said(turn)).toEqual(all)
    const outbox = await sql<{ text: string }>`
      select content ->> 'text' as text from outbox where turn_id = ${turn.turnId} order by seq`.execute(
      database.db,
    )
    expect(outbox.rows.map(({ text }) => text)).toEqual(all)
  })

  describe('that was interrupted', () => {
    const interrupted = async () => {
      const turn = await bench.turn()
      // The first attempt's worker is dead: its claim is all that is left.
      const step = { step: 'runAction:0', beforeSettle: true }
      await claim(database.db, attemptOf(turn, 1), step)
      return turn
    }

    it('is not repeated when its effect is `once`: nobody knows whether it happened', async () => {
      const turn = await interrupted()
      await run(turn, 2)
      expect(runs).toEqual([])
      expect(await journalOf(turn)).toMatchObject({
        ...{ attempt: 2, state: 'done' },
        result: {
          ...{ success: false, unknown: true },
          error: expect.stringContaining('may have happened'),
        },
      })
      expect(await said(turn)).toEqual([
        'I was interrupted during ORDER and do not know whether it happened. I will not repeat it by myself.',
      ])
    })

    it.each(['none', 'idempotent'] as const)(
      'is repeated when its effect is `%s`',
      async (kind) => {
        effect = kind
        const turn = await interrupted()
        await run(turn, 2)
        expect(runs).toEqual([`${turn.turnId}:1:runAction:0`])
        expect(await said(turn)).toHaveLength(2)
      },
    )
  })

  it('leaves nothing when its worker dies between the result and what was said', async () => {
    const turn = await bench.turn()
    tamper = (ports) => ({ ...ports, journal: { ...ports.journal, finish: dyingFinish(ports) } })
    const before = { ...(await contents(database.db)), steps: [] }
    expect(await failure(run(turn, 1))).toBeDefined()
    expect({ ...(await contents(database.db)), steps: [] }).toEqual(before)
    expect((await journalOf(turn))?.state).toBe('pending')

    tamper = (ports) => ports
    effect = 'idempotent'
    await run(turn, 2)
    expect(await said(turn)).toEqual(['I order the pizza.', 'It is ordered.'])
  })

  it('says nothing when its handler ends after the turn has', async () => {
    const turn = await bench.turn()
    const act = handler
    handler = async (context) => {
      await settle(database.db, settlementOf(turn, { state: 'timed_out', reply: null }))
      return act(context)
    }
    expect(await failure(run(turn))).toBe('fenced')
    expect(runs).toHaveLength(1)
    expect(await said(turn)).toEqual([])
  })

  it('says nothing when its handler ends after the turn was taken over', async () => {
    const turn = await bench.turn()
    const act = handler
    handler = async (context) => {
      await takeOver(database.db, turn)
      return act(context)
    }
    expect(await failure(run(turn))).toBe('fenced')
    expect(await said(turn)).toEqual([])
  })

  it('says nothing in an attempt that was displaced while its handler ran', async () => {
    effect = 'idempotent'
    const turn = await bench.turn()
    const act = handler
    handler = async (context) => {
      if (runs.length === 1) await run(turn, 2)
      return act(context)
    }
    expect(await failure(run(turn, 1))).toBe('fenced')
    expect(runs).toHaveLength(2)
    expect(await said(turn)).toEqual(['I order the pizza.', 'It is ordered.'])
    expect(await journalOf(turn)).toMatchObject({ attempt: 2, state: 'done' })
  })

  it('journals what a handler threw, and nothing that it said', async () => {
    const turn = await bench.turn()
    handler = async () => {
      throw new Error('The oven is broken: \u0000.')
    }
    await run(turn)
    expect((await journalOf(turn))?.result).toMatchObject({
      ...{ success: false, error: 'The oven is broken: \ufffd.' },
    })
  })

  /** Writes the result and its writes, and never commits. */
  const dyingFinish =
    ({ journal }: Ports): Ports['journal']['finish'] =>
    async (attempt, step, result, writes) => {
      if (!writes) return journal.finish(attempt, step, result)
      const died = new Proxy(writes, {
        get: (target, key) => {
          if (key === 'memories') throw new Error('The worker is dead.')
          return Reflect.get(target, key)
        },
      })
      await journal.finish(attempt, step, result, died)
    }
})
